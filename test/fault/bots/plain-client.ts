import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { Operation } from '@switchboard/testkit/history/records'
import { Centrifuge } from 'centrifuge'
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf'
import type { BotClient, ClientOptions } from './bot-client.ts'
import { ClientView } from './client-view.ts'
import { commandOf, type Draft, failureOf, type Outcome, okOf } from './operations.ts'
import type { HistoryPage } from './room-view.ts'

const ANSWER_MS_MAX = 8_000
const RECONNECT_MS_MIN = 200
const RECONNECT_MS_MAX = 4_000
const PAGE = 200
/** What the library says of a disconnect that this side asked for. Of any other one it does not come back by itself. */
const CALLED = 0
const RETRY = { base: 200, max: 3_000 }

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** The parts of the library that only it should know: what it will say of its place when it returns. */
interface Places {
  readonly _serverSubs: Record<string, { epoch: string }>
}

/**
 * The npm package `centrifuge`, with the retry policy that the protocol asks for and nothing else: a command without a final
 * answer is sent again with the same cid.
 */
export class PlainClient implements BotClient {
  readonly client: string
  readonly view: ClientView
  readonly #options: ClientOptions
  readonly #isProtobuf: boolean
  readonly #centrifuge: Centrifuge
  readonly #ended = new AbortController()
  readonly #comings = new Set<() => void>()
  #isLooking = true
  #inFlight = 0

  constructor(options: ClientOptions, isProtobuf: boolean) {
    this.#options = options
    this.#isProtobuf = isProtobuf
    this.client = options.client
    const { journal, knowledge } = options
    const who = { client: options.client, user: knowledge.user }
    this.view = new ClientView({ who, journal, knowledge, history: (room, after) => this.#history(room, after) })
    const endpoint = `${options.url.replace('http', 'ws')}/connection/websocket`
    const settings = {
      token: options.token,
      websocket: WebSocket,
      timeout: ANSWER_MS_MAX,
      minReconnectDelay: RECONNECT_MS_MIN,
      maxReconnectDelay: RECONNECT_MS_MAX,
    }
    this.#centrifuge = isProtobuf
      ? (new ProtobufCentrifuge(endpoint, settings) as unknown as Centrifuge)
      : new Centrifuge(endpoint, settings)
    this.#listen()
  }

  get isConnected(): boolean {
    return this.view.isConnected
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return 0
  }

  connect(): void {
    this.#centrifuge.connect()
    for (const come of [...this.#comings]) come()
  }

  disconnect(): void {
    this.#centrifuge.disconnect()
  }

  perform(draft: Draft): Promise<void> {
    return this.repeat(draft.name === 'read' ? draft : ({ ...draft, cid: this.#options.newCid() } as Operation))
  }

  async repeat(operation: Operation): Promise<void> {
    this.#inFlight++
    for (let tries = 0; !this.#ended.signal.aborted; tries++) {
      await this.#whenWanted()
      if (this.#ended.signal.aborted) break
      const { outcome } = await this.attempt(operation)
      if (outcome !== 'unknown') break
      await pause(backoffMs(tries, Math.random, RETRY), this.#ended.signal)
    }
    this.#inFlight--
  }

  async setLooking(looking: boolean): Promise<void> {
    this.#isLooking = looking
    if (!looking) this.view.looking(false)
    const answer = await this.ask('presence.set', { state: looking ? 'foreground' : 'background' })
    if (answer !== null && looking && this.#isLooking && this.isConnected) this.view.looking(true)
  }

  async watchOnline(room: string): Promise<void> {
    const answer = await this.ask<{ online: string[] }>('room.online', { room })
    if (answer !== null) this.view.online(room, answer.online)
  }

  /** Another epoch is a position of a log that is no more: every room is to be loaded anew. */
  returnLost(): BotClient {
    const places = (this.#centrifuge as unknown as Places)._serverSubs
    for (const place of Object.values(places)) place.epoch = 'lost'
    this.connect()
    return this
  }

  end(): void {
    this.#ended.abort()
    for (const come of [...this.#comings]) come()
    this.disconnect()
    this.view.close()
  }

  /** Once: a directed scenario decides itself what is sent again. */
  async attempt(operation: Operation): Promise<Outcome> {
    const { journal, knowledge, tally } = this.#options
    const who = { client: this.client, user: knowledge.user }
    const id = journal.invoke(who, operation)
    const outcome = await this.#call(operation)
    tally.attempts++
    tally[outcome.outcome]++
    journal.returned(who, id, outcome)
    knowledge.answered(operation, outcome)
    if (operation.name === 'read' && outcome.outcome === 'ok')
      this.view.mark(operation.room, { read: outcome.read ?? 0, unread: outcome.unread ?? 0 })
    return outcome
  }

  async #call(operation: Operation): Promise<Outcome> {
    const { method, data } = commandOf(operation)
    try {
      return okOf(operation, await this.#rpc(method, data))
    } catch (error) {
      return failureOf(error)
    }
  }

  async #rpc(method: string, data: object): Promise<unknown> {
    if (!this.#isProtobuf) return (await this.#centrifuge.rpc(method, data)).data
    const answer = await this.#centrifuge.rpc(method, encoder.encode(JSON.stringify(data)))
    return JSON.parse(decoder.decode(answer.data))
  }

  /** Of what changes nothing, once. */
  async ask<T>(method: string, data: object): Promise<T | null> {
    try {
      return (await this.#rpc(method, data)) as T
    } catch {
      return null
    }
  }

  async #history(room: string, after: number): Promise<HistoryPage | null> {
    for (let tries = 0; !this.#ended.signal.aborted; tries++) {
      await this.#whenWanted()
      try {
        return (await this.#rpc('room.history', { room, after_seq: after, limit: PAGE })) as HistoryPage
      } catch (error) {
        if (failureOf(error).outcome === 'refused') return null
      }
      await pause(backoffMs(tries, Math.random, RETRY), this.#ended.signal)
    }
    return null
  }

  /** A client that has left on purpose sends nothing until it comes back. */
  async #whenWanted(): Promise<void> {
    if (this.#centrifuge.state !== 'disconnected' || this.#ended.signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#comings.add(resolve)
    await promise
    this.#comings.delete(resolve)
  }

  #listen(): void {
    const data = (raw: unknown) => (this.#isProtobuf ? JSON.parse(decoder.decode(raw as Uint8Array)) : raw)
    const { view } = this
    this.#centrifuge.on('connected', () => {
      view.connected()
      if (!this.#isLooking) void this.setLooking(false)
    })
    this.#centrifuge.on('connecting', ({ code }) => view.gone(code, false))
    this.#centrifuge.on('disconnected', ({ code }) => view.gone(code === CALLED ? null : code, code !== CALLED))
    this.#centrifuge.on('subscribed', ({ channel, recovered, streamPosition }) =>
      view.subscribed({ channel, recovered, offset: streamPosition?.offset ?? 0 }),
    )
    this.#centrifuge.on('unsubscribed', ({ channel }) => view.unsubscribed(channel))
    this.#centrifuge.on('publication', ({ channel, offset, data: raw }) => view.publication(channel, offset, data(raw)))
  }
}
