import { setTimeout as sleep } from 'node:timers/promises'
import type { Histogram } from '../measure/histogram.ts'
import { type Faults, SeqWatch } from '../measure/void-run.ts'
import { LoadClient } from './client.ts'
import { ageUs, nowUs } from './clock.ts'
import { CONNECT_ID, type Dialect, type Heard, type Member, type Position } from './dialect.ts'
import { type Line, numberAt } from './frames.ts'

const SEQ_KEY = Buffer.from('"seq":')

/** What all connections of a process count into. */
export interface Tally {
  readonly faults: Faults
  readonly acks: Histogram
  readonly deliveries: Histogram
  acked: number
  delivered: number
  inFlight: number
  /** Times that a connection was told to come back later. */
  retries: number
  /** The newest seq that was acknowledged, by room. */
  readonly heads: Map<string, number>
}

/** Past it a connection that has not answered counts as lost. */
const READY_MS_MAX = 60_000
const TRIES_MAX = 30
/** As clients do: at random under a bound that doubles. */
const RETRY_MS = 500
const RETRY_MS_MAX = 20_000
const TEMPORARY = '"temporary":true'

/** Not taken at this moment: to be tried again. */
class NotNowError extends Error {
  override name = 'NotNowError'
}

export interface Address {
  readonly host: string
  readonly port: number
}

/** One connection: sends, hears, and checks each seq that it hears. */
export class Attendee implements Heard {
  readonly member: Member
  readonly watches = new Map<string, SeqWatch>()
  readonly epochs = new Map<string, string>()
  readonly #dialect: Dialect
  readonly #tally: Tally
  readonly #isTimed: boolean
  readonly #sentAt = new Map<number, { readonly us: number; readonly channel: string }>()
  /** The rooms that this connection is in. */
  readonly #isBack = new Set<string>()
  #ready = Promise.withResolvers<void>()
  #isReady = false
  #client: LoadClient | undefined
  #ids = CONNECT_ID

  constructor(options: { member: Member; dialect: Dialect; tally: Tally; isTimed: boolean }) {
    this.member = options.member
    this.#dialect = options.dialect
    this.#tally = options.tally
    this.#isTimed = options.isTimed
  }

  /**
   * Resolves when it is in all of its rooms. Who is told to come back later does, as every client would.
   * @throws when it is refused for good, or too often.
   */
  async open(address: Address, member = this.member): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#openOnce(address, member)
        this.#isReady = true
        return
      } catch (error) {
        if (!(error instanceof NotNowError) || tries === TRIES_MAX) throw error
        this.#tally.retries += 1
        this.#client?.end()
        await sleep(Math.random() * Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** tries))
      }
    }
  }

  async #openOnce({ host, port }: Address, member: Member): Promise<void> {
    this.#ready = Promise.withResolvers()
    const { reject } = this.#ready
    const late = setTimeout(() => reject(new NotNowError('a connection was not ready in time')), READY_MS_MAX)
    const dialect = this.#dialect
    const client = new LoadClient({
      host,
      port,
      path: dialect.path,
      onOpen: () => dialect.opened(member, (text) => client.send(text)),
      onLine: (line) => dialect.take(this, line),
      onEnd: (reason) => this.#ended(reason),
    })
    this.#client = client
    try {
      await this.#ready.promise
    } finally {
      clearTimeout(late)
    }
  }

  /** Told instead of a fault when the connection ends by itself: for work in which servers die. */
  onLost: (() => void) | undefined

  #ended(reason: string | undefined): void {
    const wasReady = this.#isReady
    this.#isReady = false
    if (reason === undefined) return
    if (!wasReady) this.#ready.reject(new NotNowError(reason))
    else if (this.onLost) this.onLost()
    else this.#tally.faults.add(`a connection was ${reason}`)
  }

  close(): void {
    this.#client?.end()
  }

  /** Comes back from where it was, as a client does whose connection was lost. */
  reopen(address: Address): Promise<void> {
    const positions: Record<string, Position> = {}
    for (const [channel, { head }] of this.watches)
      positions[channel] = { offset: head, epoch: this.epochs.get(channel) ?? '' }
    this.#isBack.clear()
    return this.open(address, { ...this.member, positions })
  }

  publish(channel: string, textChars: number): void {
    this.#ids += 1
    this.#sentAt.set(this.#ids, { us: nowUs(), channel })
    this.#tally.inFlight += 1
    this.#client?.send(this.#dialect.publish(this.#ids, channel, textChars))
  }

  ready(heads: ReadonlyMap<string, Position>): void {
    for (const [channel, at] of heads) this.joined(channel, at)
  }

  joined(channel: string, { offset, epoch }: Position): void {
    // The person's own channel is theirs alone, and no part of the work.
    if (!this.member.rooms.includes(channel)) return
    const known = this.watches.get(channel)
    this.epochs.set(channel, epoch)
    if (!known) this.watches.set(channel, new SeqWatch(offset))
    else if (known.head !== offset) this.#tally.faults.add(`${channel} came back at ${offset} and was at ${known.head}`)
    this.#isBack.add(channel)
    if (this.#isBack.size === this.member.rooms.length) this.#ready.resolve()
  }

  acked(id: number, { bytes, start, end }: Line): void {
    const sent = this.#sentAt.get(id)
    const at = bytes.indexOf(SEQ_KEY, start)
    if (!sent || at === -1 || at >= end) {
      this.#tally.faults.add(`an answer to ${id} that was not asked or has no seq`)
      return
    }
    this.#sentAt.delete(id)
    this.#tally.inFlight -= 1
    this.#tally.acked += 1
    this.#tally.acks.add(nowUs() - sent.us)
    const seq = numberAt(bytes, at + SEQ_KEY.length)
    if (seq > (this.#tally.heads.get(sent.channel) ?? 0)) this.#tally.heads.set(sent.channel, seq)
  }

  refused(id: number, text: string): void {
    if (id === CONNECT_ID && !this.#isReady) {
      this.#ready.reject(text.includes(TEMPORARY) ? new NotNowError(text) : new Error(text))
      return
    }
    if (this.#sentAt.delete(id)) this.#tally.inFlight -= 1
    this.#tally.faults.add(text.slice(0, 200))
  }

  published(channel: string, offset: number, line: Line): void {
    const watch = this.watches.get(channel)
    if (!watch) return
    const before = watch.head
    if (!watch.take(offset)) this.#tally.faults.add(`${channel}: ${offset} came after ${before}`)
    this.#tally.delivered += 1
    if (!this.#isTimed || line.end === line.start) return
    const us = ageUs(line)
    if (!Number.isNaN(us)) this.#tally.deliveries.add(us)
  }

  send(text: string): void {
    this.#client?.send(text)
  }
}
