import { createInbox, type Msg, type MsgHdrs, millis, nanos, type Subscription } from '@nats-io/nats-core'
import { inStep } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'

/** A record as a consumer gives it out. */
export interface Pulled {
  readonly subject: string
  readonly seq: number
  /** When the server stored it: milliseconds since the epoch. */
  readonly at: number
  /** The how-manieth of its consumer, from 1. */
  readonly delivery: number
  /** The how-manieth delivery of this record, from 1. */
  readonly attempt: number
  readonly data: Uint8Array
  readonly headers: MsgHdrs | undefined
  /** Where its acknowledgement goes. */
  readonly reply: string
}

export interface PullOptions {
  readonly stream: string
  readonly consumer: string
  /** Records that are asked for at once. */
  readonly batch: number
  /**
   * What comes in so many milliseconds is asked for together, 0: each comes at once. @NOTE Each record that goes out by itself wakes
   * the server, which writes it, and us: 50 ms took a third off storage and notifier at 1,000 records a second, and a tenth off the server.
   */
  readonly gatherMs: number
  readonly signal: AbortSignal
}

/** A consumer that says nothing for two of these is lost. Each wakes a quiet process: where nobody waits, half as often. */
const HEARTBEAT_MS = 2_500
const HEARTBEAT_GATHERING_MS = 5_000
/** After it the server forgets a request, and is asked again. */
const EXPIRES_MS = 30_000

const STATUS = { heartbeat: 100, nothing: 404, timeout: 408 } as const
/** How many records a request that was given up would still have brought. */
const PENDING = 'Nats-Pending-Messages'

/**
 * Reads a consumer, as many records at a time as have come; whoever is slow to ask for the next ones slows the reading. Ends when the
 * signal aborts, or the consumer is lost: then it must be made, or looked for, again. @NOTE Not with the library's own reading, which
 * has no way to ask for what there is and no more, reads on where nobody takes, and mends a lost consumer by sequence, whether or not
 * the stream is still the same, with pauses of up to 30 s.
 */
export async function* pull(bus: Bus, options: PullOptions): AsyncGenerator<readonly Pulled[], void> {
  if (bus.nc.isClosed()) return
  using puller = new Puller(bus, options)
  for (;;) {
    const records = await puller.next()
    if (!records) return
    yield records
  }
}

class Puller implements Disposable {
  readonly #bus: Bus
  readonly #options: PullOptions
  readonly #heartbeatMs: number
  readonly #inbox = createInbox()
  readonly #subscription: Subscription
  readonly #forget: () => void
  #arrived: Pulled[] = []
  /** Records that open requests may still bring. */
  #left = 0
  /** Of `performance.now`, as what follows. */
  #askedMs = Number.NEGATIVE_INFINITY
  #heardMs = 0
  #isOver = false
  #watch: NodeJS.Timeout | undefined
  #wake = () => {}

  constructor(bus: Bus, options: PullOptions) {
    this.#bus = bus
    this.#options = options
    this.#heartbeatMs = options.gatherMs > 0 ? HEARTBEAT_GATHERING_MS : HEARTBEAT_MS
    this.#subscription = bus.nc.subscribe(this.#inbox, { callback: (error, message) => this.#hear(error, message) })
    // The server may have given out to nobody, or too little: a consumer is cheaper than finding out.
    this.#forget = bus.onReconnect(this.#end)
    options.signal.addEventListener('abort', this.#end, { once: true })
    if (options.signal.aborted) this.#end()
    void this.#subscription.closed.then(this.#end)
  }

  [Symbol.dispose](): void {
    this.#isOver = true
    this.#options.signal.removeEventListener('abort', this.#end)
    this.#forget()
    clearTimeout(this.#watch)
    this.#subscription.unsubscribe()
  }

  /** What has come; waits until there is something. Undefined at the end. */
  async next(): Promise<readonly Pulled[] | undefined> {
    const { gatherMs, batch } = this.#options
    while (!this.#isOver) {
      if (gatherMs === 0 && this.#left <= batch / 2) this.#ask()
      if (this.#arrived.length > 0) return this.#take()
      if (gatherMs > 0 && this.#left === 0) await this.#askInTime(gatherMs)
      else await this.#something()
    }
    return undefined
  }

  #take(): Pulled[] {
    const records = this.#arrived
    this.#arrived = []
    return records
  }

  /** Resolves when there is something to take, to ask for, or the end. */
  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /**
   * Asks once the time to gather is over. @NOTE All consumers of a process ask at the same moments: each at its own, they would wake it
   * as often as one that does not gather.
   */
  async #askInTime(gatherMs: number): Promise<void> {
    if (performance.now() - this.#askedMs < gatherMs) await inStep(gatherMs, this.#options.signal)
    if (!this.#isOver) this.#ask()
  }

  /** For all there is, or else the first that comes; without gathering, for all that comes. */
  #ask(): void {
    const { stream, consumer, batch, gatherMs } = this.#options
    const request = {
      batch,
      expires: nanos(EXPIRES_MS),
      idle_heartbeat: nanos(this.#heartbeatMs),
      ...(gatherMs > 0 && { no_wait: true }),
    }
    this.#left += batch
    this.#askedMs = performance.now()
    this.#heardMs = this.#askedMs
    this.#watch ??= setTimeout(this.#look, 2 * this.#heartbeatMs)
    try {
      this.#bus.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
        reply: this.#inbox,
      })
    } catch {
      // Closed, or about to be.
      this.#end()
    }
  }

  #hear(error: Error | null, message: Msg): void {
    if (this.#isOver) return
    if (error) {
      this.#end()
      return
    }
    this.#heardMs = performance.now()
    // A record comes under its own subject.
    if (message.subject === this.#inbox) this.#hearStatus(message)
    else {
      this.#left = Math.max(0, this.#left - 1)
      // It brought as many as it may: there are more.
      if (this.#left === 0) this.#askedMs = Number.NEGATIVE_INFINITY
      this.#arrived.push(toPulled(message))
    }
    this.#wake()
  }

  #hearStatus({ headers }: Msg): void {
    const code = headers?.code ?? 0
    if (code === STATUS.heartbeat) return
    if (code === STATUS.nothing || code === STATUS.timeout) {
      const given = Number(headers?.get(PENDING))
      // All that there was has been given, or it was too long ago. Only one request at a time gathers.
      this.#left = this.#options.gatherMs > 0 ? 0 : Math.max(0, this.#left - (given || this.#options.batch))
      return
    }
    const { stream, consumer } = this.#options
    this.#bus.log.warn({ stream, consumer, code, reason: headers?.description }, 'a consumer is lost')
    // Deleted, led by another server, unknown, asked too much: whichever, it is made or looked for again.
    this.#end()
  }

  readonly #look = (): void => {
    this.#watch = undefined
    if (this.#left === 0) return
    const leftMs = this.#heardMs + 2 * this.#heartbeatMs - performance.now()
    if (leftMs <= 0) this.#end()
    else this.#watch = setTimeout(this.#look, leftMs)
  }

  readonly #end = (): void => {
    this.#isOver = true
    this.#wake()
  }
}

/** Where the parts of `$JS.ACK.…` lie, which older and newer servers begin differently. */
const SHORT_PARTS = 9
const SHORT_AT = 2
const LONG_AT = 4

/**
 * The reply subject says what the consumer counts: stream, consumer, attempt, sequence in the stream, delivery, time in nanoseconds.
 * (ADR 15 of the NATS architecture.)
 */
function toPulled({ subject, data, headers, reply = '' }: Msg): Pulled {
  const parts = reply.split('.')
  const at = (parts.length === SHORT_PARTS ? SHORT_AT : LONG_AT) + 2
  return {
    subject,
    data,
    headers,
    reply,
    attempt: Number(parts[at]),
    seq: Number(parts[at + 1]),
    delivery: Number(parts[at + 2]),
    at: millis(Number(parts[at + 3])),
  }
}
