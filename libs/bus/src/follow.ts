import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { type Part, type Together, togetherOf } from './read-together.ts'
import { type Position, StreamReader, type StreamRecord } from './stream-reader.ts'

export type { StreamRecord } from './stream-reader.ts'

export interface FollowOptions {
  readonly stream: string
  readonly filter: string
  /** How many filters like this one take the whole stream: whoever follows them all reads without any. */
  readonly filtersInAll?: number
  /** Where to begin. */
  readonly from: Position
  /** What comes in so many milliseconds is read together, for whom nobody waits; without it each as it comes. All followers of a stream say the same. */
  readonly gatherMs?: number
  /** What it returns is awaited before the next record, so that a slow handler slows the reading, its own and nobody else's. */
  readonly handle: (record: StreamRecord) => void | Promise<void>
  /** Called with what a handler throws and is no fault of NATS: a bug. */
  readonly crash: (error: unknown) => void
  /** For how long it reads alone, at least; a test may be in a hurry. */
  readonly aloneMs?: number
}

/**
 * Reads a stream in order from a position on, for ever. If the stream is another one than the position was about, reading begins at its
 * first record. It begins with a consumer of its own, shares one with the other followers of this stream when it has caught up with
 * them, and leaves them when its handler is slow. Disposing waits for what is in hand.
 */
export const follow = (bus: Bus, options: FollowOptions): AsyncDisposable => new Follower(bus, options)

/** What follows ends like this; others can be told apart by their beginning. */
const ALL_BELOW = '.>'

class Follower implements Part, AsyncDisposable {
  readonly #bus: Bus
  readonly #options: FollowOptions
  readonly #together: Together | undefined
  #position: Position
  /** Undefined while it reads together with others, and while it settles what it has in hand before it reads alone again. */
  #own: StreamReader | undefined
  #isSettling = false
  #isOver = false
  #settling: Promise<void> = Promise.resolve()

  constructor(bus: Bus, options: FollowOptions) {
    this.#bus = bus
    this.#options = options
    this.#position = options.from
    this.#readAlone()
    if (options.filter.endsWith(ALL_BELOW)) this.#together = togetherOf(bus, options)
    this.#together?.enter(this)
  }

  get prefix(): string {
    return this.#options.filter.slice(0, 1 - ALL_BELOW.length)
  }

  get own(): StreamReader | undefined {
    return this.#own
  }

  join({ position: { incarnation } }: StreamReader): boolean {
    if (this.#isOver || this.#isSettling || this.#own?.isTaking) return false
    if (!this.#own) return true
    if (this.#own.position.incarnation !== incarnation) return false
    this.#position = this.#own.position
    this.#own.forget()
    this.#own = undefined
    return true
  }

  hear(record: StreamRecord): boolean {
    const { seq, incarnation } = record
    const isAnotherStream = incarnation !== this.#position.incarnation
    if (!isAnotherStream && seq < this.#position.seq) return true
    const outcome = this.#handled(record)
    if (!outcome) this.#position = { seq: seq + 1, incarnation }
    else this.#settling = this.#settle(outcome, record)
    return !outcome
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    this.#together?.leave(this)
    await this.#own?.[Symbol.asyncDispose]()
    await this.#settling
  }

  #readAlone(): void {
    const { stream, filter, handle: take, crash, gatherMs = 0 } = this.#options
    const reading = { stream, filters: [filter], from: this.#position, gatherMs, take, opened: () => {}, crash }
    this.#own = new StreamReader(this.#bus, reading)
  }

  #handled(record: StreamRecord): void | Promise<void> {
    try {
      return this.#options.handle(record)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  /** The others do not wait for this one: it goes on alone when its handler has done, or from the same record when that failed. */
  async #settle(outcome: Promise<void>, { seq, incarnation }: StreamRecord): Promise<void> {
    const { stream, filter, crash } = this.#options
    this.#isSettling = true
    this.#position = { seq, incarnation }
    try {
      await outcome
      this.#position = { seq: seq + 1, incarnation }
    } catch (error) {
      if (!isInfrastructure(error)) return crash(error)
      this.#bus.log.warn({ stream, filter, error: String(error) }, 'a record could not be handled, trying again')
    }
    this.#isSettling = false
    if (!this.#isOver) this.#readAlone()
  }
}
