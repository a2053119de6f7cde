import { MAX } from '@switchboard/contracts/limits'
import { type Clock, type Sweeping, sweeping } from './clock.ts'
import type { EdgeEvents } from './events.ts'

/** Why a connection counts as slow: too much waits for it, nothing leaves, or this edge holds too much for all together. */
export type SlowCause = 'full' | 'stalled' | 'shed'

/** A connection that has bytes waiting. */
export interface Waits {
  readonly waitingBytes: number
  readonly sentBytes: number
  /** Ends the connection: its client returns and goes on from its position. */
  slow(cause: SlowCause): void
}

interface Progress {
  sent: number
  /** Sweeps in a row in which nothing left. */
  idle: number
}

const SWEEP_MS = 250
const IDLE_MAX = MAX.outboxStallMs / SWEEP_MS

/**
 * What waits in this process for clients that read slowly, or not at all. Only they are looked at, so thousands of healthy connections
 * cost nothing. Bounded as a whole: past the bound the fullest ones are cut.
 */
export class Outboxes implements Disposable {
  readonly #events: EdgeEvents
  readonly #waiting = new Map<Waits, Progress>()
  readonly #sweeping: Sweeping
  #bytes = 0

  constructor(clock: Clock, events: EdgeEvents) {
    this.#events = events
    this.#sweeping = sweeping(clock, SWEEP_MS, () => this.#sweep())
  }

  /** Bytes that waited when it was looked at last. */
  get bytes(): number {
    return this.#bytes
  }

  /** The kernel did not take everything: from now on this one is looked at until it did. */
  watch(link: Waits): void {
    if (!this.#waiting.has(link)) this.#waiting.set(link, { sent: link.sentBytes, idle: 0 })
    this.#sweeping.begin()
  }

  forget(link: Waits): void {
    this.#waiting.delete(link)
  }

  [Symbol.dispose](): void {
    this.#sweeping[Symbol.dispose]()
    this.#waiting.clear()
  }

  /** @returns whether one still waits. */
  #sweep(): boolean {
    this.#bytes = 0
    for (const [link, progress] of [...this.#waiting]) this.#look(link, progress)
    if (this.#bytes > MAX.outboxProcessBytes) this.#shed()
    this.#events.outbox(this.#bytes, this.#waiting.size)
    return this.#waiting.size > 0
  }

  #look(link: Waits, progress: Progress): void {
    const { waitingBytes, sentBytes } = link
    if (waitingBytes === 0) {
      this.#waiting.delete(link)
      return
    }
    progress.idle = sentBytes === progress.sent ? progress.idle + 1 : 0
    progress.sent = sentBytes
    if (progress.idle >= IDLE_MAX) this.#cut(link, 'stalled')
    else this.#bytes += waitingBytes
  }

  #shed(): void {
    const byBytes = [...this.#waiting.keys()].sort((a, b) => b.waitingBytes - a.waitingBytes)
    for (const link of byBytes) {
      if (this.#bytes <= MAX.outboxProcessBytes) return
      this.#bytes -= link.waitingBytes
      this.#cut(link, 'shed')
    }
  }

  #cut(link: Waits, cause: SlowCause): void {
    this.#waiting.delete(link)
    link.slow(cause)
  }
}
