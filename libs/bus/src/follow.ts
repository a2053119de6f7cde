import { type ConsumerMessages, DeliverPolicy } from '@nats-io/jetstream'
import type { MsgHdrs } from '@nats-io/nats-core'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { isInfrastructure } from './infrastructure.ts'
import { HEARTBEAT_MS, stopWhenLost } from './lost.ts'
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

export interface Followed extends AsyncDisposable {
  /** Resolves when the reader has a consumer for the first time. */
  readonly opened: Promise<void>
}

const PULL = 500
/** Between two tries while the stream cannot be read: everything behind it waits. */
const RETRY_MS_MAX = 1_000
/** Records of one reader that wait for their handler; past it the reader stops and comes back when they are handled. */
const WAITING_MAX = 5_000

export interface FollowOptions {
  readonly stream: string
  readonly filter: string
  /** Where to begin, and the incarnation of the stream that this sequence belongs to (null: whichever there is). */
  readonly from: { readonly seq: number; readonly incarnation: string | null }
  /** Awaited before the next record, so that a slow handler slows the reading. */
  readonly handle: (record: StreamRecord) => void | Promise<void>
  /** Called with what a handler throws and is no fault of NATS: a bug. */
  readonly crash: (error: unknown) => void
}

/**
 * Reads a stream in order from a sequence on, for ever: the consumer is made again whenever it is lost. If the stream is another
 * one than `from` was about, reading begins at its first record.
 */
export const follow = (bus: Bus, options: FollowOptions): Followed => new Follower(bus, options)

class Follower implements Followed {
  readonly opened: Promise<void>
  readonly #bus: Bus
  readonly #options: FollowOptions
  readonly #abort = new AbortController()
  readonly #done: Promise<void>
  #isOpened: () => void
  #current: ConsumerMessages | undefined
  #next: number
  #incarnation: string | null

  constructor(bus: Bus, options: FollowOptions) {
    this.#bus = bus
    this.#options = options
    this.#next = options.from.seq
    this.#incarnation = options.from.incarnation
    const { promise, resolve } = Promise.withResolvers<void>()
    this.opened = promise
    this.#isOpened = resolve
    this.#done = this.#loop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort()
    this.#current?.stop()
    await this.#done
  }

  async #loop(): Promise<void> {
    const { stream, filter, crash } = this.#options
    for (let failures = 0; !this.#abort.signal.aborted; failures += 1) {
      const before = this.#next
      try {
        await this.#read()
      } catch (error) {
        if (this.#bus.nc.isClosed() || this.#abort.signal.aborted) return
        if (!isInfrastructure(error)) return crash(error)
        this.#bus.log.warn({ stream, filter, error: String(error) }, 'reading a stream stopped, trying again')
      }
      if (this.#next > before) failures = 0
      else await pause(backoffMs(failures, Math.random, { max: RETRY_MS_MAX }), this.#abort.signal)
    }
  }

  /** One consumer, until it is lost, stopped, or too much waits. */
  async #read(): Promise<void> {
    const { stream, handle } = this.#options
    const incarnation = await incarnationOf(this.#bus, stream)
    const messages = await this.#consume(incarnation)
    for await (const { subject, seq, data, headers, info } of messages) {
      if (this.#abort.signal.aborted) return
      const at = Math.floor(info.timestampNanos / 1e6)
      const outcome = handle({ subject, seq, data, headers, incarnation, at })
      if (outcome) await outcome
      this.#next = seq + 1
      // The library asks for more while we are busy: what it has piled up is read again from where we are.
      if (messages.getPending() > WAITING_MAX) {
        messages.stop()
        return
      }
    }
  }

  async #consume(incarnation: string): Promise<ConsumerMessages> {
    const { stream, filter } = this.#options
    if (this.#incarnation !== null && this.#incarnation !== incarnation) this.#next = 1
    this.#incarnation = incarnation
    const consumer = await this.#bus.js.consumers.get(stream, {
      filter_subjects: filter,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: Math.max(1, this.#next),
    })
    const messages = await consumer.consume({ max_messages: PULL, idle_heartbeat: HEARTBEAT_MS })
    this.#current = messages
    if (this.#abort.signal.aborted) messages.stop()
    void stopWhenLost(this.#bus, messages)
    this.#isOpened()
    return messages
  }
}
