import { DeliverPolicy } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/nats-core'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { type Pulled, pull } from './pull.ts'
import { incarnationOf } from './streams.ts'

/** One record of a stream. */
export interface StreamRecord {
  readonly subject: string
  readonly seq: number
  /** When the server stored it: milliseconds since the epoch. */
  readonly at: number
  /** Which incarnation of the stream it lies in. */
  readonly incarnation: string
  readonly data: Uint8Array
  readonly headers: MsgHdrs | undefined
}

/** The next sequence to read, and the incarnation of the stream that it belongs to (null: whichever there is). */
export interface Position {
  readonly seq: number
  readonly incarnation: string | null
}

export interface ReaderOptions {
  readonly stream: string
  /** No two of them may be about the same subject; none are all there is. */
  readonly filters: readonly string[]
  readonly from: Position
  /** What comes in so many milliseconds is read together; 0: each as it comes. */
  readonly gatherMs: number
  /** Awaited before the next record, so that whoever is slow slows the reading. */
  readonly take: (record: StreamRecord) => void | Promise<void>
  /** Called with each consumer that it has, before the first record of it. */
  readonly opened: () => void
  /** Called with what `take` throws and is no fault of NATS: a bug. */
  readonly crash: (error: unknown) => void
}

const PULL = 500
/** Between two tries while the stream cannot be read: everything behind it waits. */
const RETRY_MS_MAX = 1_000

interface Current {
  readonly name: string
  /** How many of its records were taken, as the server counts them. */
  taken: number
}

/**
 * Reads a stream in order from a position on, for ever: the consumer is made again whenever it is lost. If the stream is another one
 * than the position was about, reading begins at its first record.
 */
export class StreamReader implements AsyncDisposable {
  readonly #bus: Bus
  readonly #options: ReaderOptions
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #current: Current | undefined
  #position: Position
  #isTaking = false
  #isForgotten = false

  constructor(bus: Bus, options: ReaderOptions) {
    this.#bus = bus
    this.#options = options
    this.#position = options.from
    this.#done = this.#loop()
  }

  /** Everything before it was taken, or is of nobody here. */
  get position(): Position {
    return this.#position
  }

  /** A record was given to `take`, which has not done with it. */
  get isTaking(): boolean {
    return this.#isTaking
  }

  /** From now on nothing is given to `take`. */
  stop(): void {
    this.#abort.abort()
  }

  /** Stops, and takes its consumer from the servers, which would keep it for some minutes; one that is being made, once it is. */
  forget(): void {
    this.#isForgotten = true
    this.stop()
    if (this.#current) this.#delete(this.#current.name)
  }

  #delete(name: string): void {
    void this.#bus.jsm.consumers.delete(this.#options.stream, name).catch(() => {})
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.forget()
    await this.#done
  }

  /**
   * Moves the position of a quiet reader on, to where its consumer has looked. @NOTE What counts is what one server says of one
   * consumer at one moment: another replica, or the leader, may be behind it or before it. If all that it had given out by then was
   * taken, nothing of ours lies before.
   */
  async advance(): Promise<void> {
    const current = this.#current
    if (!current) return
    try {
      const { delivered } = await this.#bus.jsm.consumers.info(this.#options.stream, current.name)
      if (this.#current !== current || current.taken < delivered.consumer_seq) return
      const { seq, incarnation } = this.#position
      this.#position = { seq: Math.max(seq, delivered.stream_seq + 1), incarnation }
    } catch (error) {
      if (!isInfrastructure(error)) throw error
    }
  }

  async #loop(): Promise<void> {
    const { stream, filters, crash } = this.#options
    for (let failures = 0; !this.#abort.signal.aborted; failures += 1) {
      const before = this.#position.seq
      try {
        await this.#read()
      } catch (error) {
        if (this.#bus.nc.isClosed() || this.#abort.signal.aborted) return
        if (!isInfrastructure(error)) return crash(error)
        this.#bus.log.warn({ stream, filters, error: String(error) }, 'reading a stream stopped, trying again')
      }
      if (this.#position.seq > before) failures = 0
      else await pause(backoffMs(failures, Math.random, { max: RETRY_MS_MAX }), this.#abort.signal)
    }
  }

  /** One consumer, until it is lost or stopped. */
  async #read(): Promise<void> {
    const { stream, gatherMs } = this.#options
    const incarnation = await incarnationOf(this.#bus, stream)
    const current = await this.#consume(incarnation)
    const reading = { stream, consumer: current.name, batch: PULL, gatherMs, signal: this.#abort.signal }
    try {
      for await (const records of pull(this.#bus, reading)) {
        for (const record of records) {
          // One was lost on the way: it is read again from where we are.
          if (record.delivery !== current.taken + 1 || this.#abort.signal.aborted) return
          const taken = this.#take(record, current, incarnation)
          if (taken) await taken
        }
      }
    } finally {
      this.#isTaking = false
    }
  }

  /** @returns a promise only where there is something to wait for. */
  #take(pulled: Pulled, current: Current, incarnation: string): void | Promise<void> {
    const { subject, seq, at, data, headers, delivery } = pulled
    const done = () => {
      this.#isTaking = false
      this.#position = { seq: seq + 1, incarnation }
      current.taken = delivery
    }
    this.#isTaking = true
    const outcome = this.#options.take({ subject, seq, at, incarnation, data, headers })
    return outcome ? outcome.then(done) : done()
  }

  async #consume(incarnation: string): Promise<Current> {
    // What is still asked about the last one says nothing any more.
    this.#current = undefined
    const { stream, filters, opened } = this.#options
    const { seq, incarnation: before } = this.#position
    this.#position = { seq: before === null || before === incarnation ? Math.max(1, seq) : 1, incarnation }
    const consumer = await this.#bus.js.consumers.get(stream, {
      ...(filters.length > 0 && { filter_subjects: filters.length === 1 ? (filters[0] ?? '') : [...filters] }),
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: this.#position.seq,
    })
    const { name } = await consumer.info(true)
    const current = { name, taken: 0 }
    this.#current = current
    if (this.#isForgotten) this.#delete(name)
    if (!this.#abort.signal.aborted) opened()
    return current
  }
}
