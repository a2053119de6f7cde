import { SwitchboardError } from '@switchboard/client/failure'
import type { Connection, Transport, TransportEvents } from '@switchboard/client/transport'
import type { MethodName, Params, Result } from '@switchboard/contracts/methods'
import type { Operation } from '@switchboard/testkit/history/records'
import type { ClientOptions } from './bot-client.ts'
import { deskOperationOf, deskOutcomeOf } from './desk-operations.ts'
import { type Outcome, okOf, operationOf } from './operations.ts'

/** No answer of the server: nobody knows what became of the command. */
const NO_ANSWER = new Set<string>(['disconnected', 'closed'])

const outcomeOf = (error: unknown): Outcome => {
  if (!(error instanceof SwitchboardError)) throw error
  if (NO_ANSWER.has(error.code)) return { outcome: 'unknown', code: 'connection' }
  return { outcome: error.retry ? 'unknown' : 'refused', code: error.code }
}

/**
 * The seam under the SDK: every attempt of every command, also those that its outbox makes by itself, is in the journal
 * before it leaves.
 */
export class JournalingTransport implements Transport {
  readonly #inner: Transport
  readonly #options: ClientOptions
  #inFlight = 0
  #isEnded = false

  constructor(inner: Transport, options: ClientOptions) {
    this.#inner = inner
    this.#options = options
  }

  get connection(): Connection {
    return this.#inner.connection
  }

  get inFlight(): number {
    return this.#inFlight
  }

  on<Name extends keyof TransportEvents>(name: Name, listener: (event: TransportEvents[Name]) => void): () => void {
    return this.#inner.on(name, listener)
  }

  connect(): void {
    this.#inner.connect()
  }

  disconnect(): void {
    this.#inner.disconnect()
  }

  /** Nothing leaves any more, so nothing is to be written down. */
  end(): void {
    this.#isEnded = true
  }

  watch(channel: string): void {
    this.#inner.watch(channel)
  }

  unwatch(channel: string): void {
    this.#inner.unwatch(channel)
  }

  async rpc<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>> {
    if (this.#isEnded) throw new SwitchboardError({ code: 'closed', message: 'the client has ended', retry: false })
    const operation = operationOf(method, params)
    if (operation === null) return this.#ofDesk(method, params)
    const { journal, knowledge, client } = this.#options
    const who = { client, user: knowledge.user }
    const id = journal.invoke(who, operation)
    this.#inFlight++
    try {
      const answer = await this.#inner.rpc(method, params)
      this.#returned(id, operation, okOf(operation, answer))
      return answer
    } catch (error) {
      this.#returned(id, operation, outcomeOf(error))
      throw error
    } finally {
      this.#inFlight--
    }
  }

  /** What a desk decides is written down beside; a question is not. */
  async #ofDesk<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>> {
    const operation = deskOperationOf(method, params)
    if (operation === null) return this.#inner.rpc(method, params)
    const { journal, knowledge, client, tally } = this.#options
    const who = { client, user: knowledge.user }
    const id = journal.invokeDesk(who, operation)
    const returned = (result: Parameters<typeof journal.deskReturned>[2]) => {
      tally.attempts++
      tally[result.outcome]++
      journal.deskReturned(who, id, result)
    }
    this.#inFlight++
    try {
      const answer = await this.#inner.rpc(method, params)
      returned(deskOutcomeOf(answer))
      return answer
    } catch (error) {
      const { outcome, code } = outcomeOf(error)
      returned({ outcome, ...(code === undefined ? {} : { code }) })
      throw error
    } finally {
      this.#inFlight--
    }
  }

  #returned(id: string, operation: Operation, outcome: Outcome): void {
    const { journal, knowledge, tally, client } = this.#options
    tally.attempts++
    tally[outcome.outcome]++
    journal.returned({ client, user: knowledge.user }, id, outcome)
    knowledge.answered(operation, outcome)
    if (operation.name === 'read' && outcome.outcome === 'ok') {
      const { read = Number.NaN, unread = Number.NaN } = outcome
      journal.write({ type: 'mark', client, user: knowledge.user, room: operation.room, read, unread })
    }
  }
}
