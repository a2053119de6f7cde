/**
 * channel    downlink (WebSocket, TCP)
 * comes      replies, publications and signals, from sessions and feeds
 * goes       the client
 * guarantee  in order or the connection ends; signals may be dropped
 * order      per connection
 * acked      by the client's position at its return
 */
import { CLOSE, type CloseName } from '@switchboard/contracts/close-codes'
import { MAX } from '@switchboard/contracts/limits'
import type { Clock } from './clock.ts'
import type { EdgeEvents, Transport } from './events.ts'
import type { Link } from './link.ts'
import type { Outboxes, SlowCause, Waits } from './outbox.ts'

/** What carries frames: a WebSocket, a TCP connection, or a test. */
export interface Wire {
  readonly transport: Transport
  readonly address: string
  write(frame: Uint8Array): void
  /** Holds writes back until `uncork`, then hands them to the kernel together. */
  cork(): void
  uncork(): void
  close(code: number, reason: string): void
  /** The same, and nothing more is read: for those that send too much. */
  shun(code: number, reason: string): void
  /** Ends at once, without a word: for those that do not read. */
  terminate(): void
  readonly waitingBytes: number
  readonly sentBytes: number
}

/** So many sockets were written to in one flush, and one of them again within the gathering time: then writes are gathered. */
const BUSY_SOCKETS = 32
const GATHER_MS = 5

/**
 * Hands the writes of many sockets to the kernel. The system call is the cost, so while the same sockets are written to again and
 * again their writes are gathered for some milliseconds; else they leave at the end of the loop's turn. @NOTE The next slice of a
 * large room is other sockets: to let it wait would only make it late.
 */
export class Flusher implements Disposable {
  readonly #clock: Clock
  readonly #dirty = new Set<Downlink>()
  #flushes = 0
  #flushedAt = 0
  #flushed = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  mark(link: Downlink): void {
    this.#dirty.add(link)
    if (this.#dirty.size > 1) return
    const isAgain = this.#flushed >= BUSY_SOCKETS && link.flushedIn === this.#flushes
    const isBusy = isAgain && this.#clock.steady() - this.#flushedAt <= GATHER_MS
    if (isBusy) this.#clock.after(GATHER_MS, () => this.#flush())
    else this.#clock.soon(() => this.#flush())
  }

  [Symbol.dispose](): void {
    this.#flush()
  }

  #flush(): void {
    const links = [...this.#dirty]
    this.#dirty.clear()
    this.#flushes += 1
    for (const link of links) {
      link.flushedIn = this.#flushes
      link.flush()
    }
    this.#flushed = links.length
    this.#flushedAt = this.#clock.steady()
  }
}

/** Of these the client does not read what we say: it is cut, and finds out by itself. */
const SILENT: ReadonlySet<CloseName> = new Set(['slow', 'no_pong'])

export interface DownlinkParts {
  readonly flusher: Flusher
  readonly outboxes: Outboxes
  readonly events: EdgeEvents
  /** The client does not read. */
  readonly tooSlow: () => void
}

export class Downlink implements Link, Waits {
  readonly transport: Transport
  readonly address: string
  /** The number of the flush that had it last. */
  flushedIn = 0
  readonly #wire: Wire
  readonly #flusher: Flusher
  readonly #events: EdgeEvents
  readonly #outboxes: Outboxes
  readonly #tooSlow: () => void
  #isCorked = false
  #isClosed = false

  constructor(wire: Wire, parts: DownlinkParts) {
    this.transport = wire.transport
    this.address = wire.address
    this.#wire = wire
    this.#flusher = parts.flusher
    this.#outboxes = parts.outboxes
    this.#events = parts.events
    this.#tooSlow = parts.tooSlow
  }

  get waitingBytes(): number {
    return this.#wire.waitingBytes
  }
  get sentBytes(): number {
    return this.#wire.sentBytes
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed) return
    if (!this.#isCorked) {
      this.#isCorked = true
      this.#wire.cork()
      this.#flusher.mark(this)
    }
    this.#wire.write(frame)
    // What was only held back here is no sign of a slow client.
    if (this.#wire.waitingBytes > MAX.outboxBytes) this.flush()
  }

  sendNow(frame: Uint8Array): void {
    if (this.#isClosed) return
    this.#wire.write(frame)
    if (this.#isCorked) this.flush()
    else this.#look()
  }

  hold(): void {
    if (this.#isClosed || this.#isCorked) return
    this.#isCorked = true
    this.#wire.cork()
  }

  release(): void {
    this.flush()
  }

  slow(cause: SlowCause): void {
    if (this.#isClosed) return
    this.#events.slow(cause)
    this.#tooSlow()
  }

  signal(frame: Uint8Array): void {
    if (this.#wire.waitingBytes > MAX.signalOutboxBytes) this.#events.signalDropped()
    else this.send(frame)
  }

  flush(): void {
    if (!this.#isCorked) return
    this.#isCorked = false
    this.#wire.uncork()
    this.#look()
  }

  /** What the kernel did not take waits here. */
  #look(): void {
    const { waitingBytes } = this.#wire
    if (waitingBytes === 0) return
    this.#outboxes.watch(this)
    if (waitingBytes > MAX.outboxBytes) this.slow('full')
  }

  close(name: CloseName): void {
    if (this.#isClosed) return
    this.flush()
    this.#isClosed = true
    this.#outboxes.forget(this)
    if (SILENT.has(name)) this.#wire.terminate()
    else if (name === 'flood') this.#wire.shun(CLOSE[name].code, CLOSE[name].reason)
    else this.#wire.close(CLOSE[name].code, CLOSE[name].reason)
  }
}
