import { backoffMs } from '@switchboard/runtime/deadline'
import { type Clock, pauseBy } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Feed, MendCause } from './feed.ts'
import type { Archive, LogEntry, LogSource } from './log-source.ts'

/** Looks at the log for one feed; past it the feed goes on with a void position instead of looking for ever. */
const ROUNDS_MAX = 5

export interface RepairParts {
  readonly source: LogSource
  readonly archive: Archive
  readonly clock: Clock
  readonly events: EdgeEvents
}

/**
 * Mends feeds from the log: a live entry that has a hole before it waits until the hole is filled from the stream's leader, or
 * from storage where the log is older than it. While neither answers, it is tried again; clients only see a delay.
 */
export class FeedRepair {
  readonly #parts: RepairParts
  readonly #running = new Map<Feed, Promise<void>>()
  #closed = false

  constructor(parts: RepairParts) {
    this.#parts = parts
  }

  /** Resolves when the feed has everything that was in the log when this was called. */
  mend(feed: Feed, cause: MendCause): Promise<void> {
    const running = this.#running.get(feed)
    if (running) return running
    if (!feed.beginMending()) return Promise.resolve()
    this.#parts.events.feedRepaired(cause)
    const mending = this.#untilMended(feed).finally(() => this.#running.delete(feed))
    this.#running.set(feed, mending)
    // Settled only when nobody finds it running any more: what still lacks something begins another one.
    return mending.then(() => feed.settle())
  }

  close(): void {
    this.#closed = true
  }

  async #untilMended(feed: Feed): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt += 1) {
      try {
        return await this.#round(feed)
      } catch (error) {
        this.#parts.events.feedRepairFailed(feed.channel, error)
        await pauseBy(this.#parts.clock, backoffMs(attempt, this.#parts.clock.random))
      }
    }
  }

  async #round(feed: Feed): Promise<void> {
    const { source } = this.#parts
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const head = await source.head(feed.kind, feed.id)
      if (head === null) return
      if (head.range.epoch !== feed.epoch) {
        this.#parts.events.feedReset(feed.kind, feed.id)
        return feed.reset(head)
      }
      if (head.range.last <= feed.head) return
      for (const entry of await source.tail(feed, feed.logSeq, head.logSeq)) feed.acceptNext(entry)
      if (feed.head < head.range.last) await this.#older(feed, head)
    }
  }

  async #older(feed: Feed, head: LogEntry): Promise<void> {
    const publications = await this.#parts.archive.events(feed, feed.head, head.range.last)
    if (publications) return feed.acceptOlder(publications, head.logSeq)
    this.#parts.events.feedReset(feed.kind, feed.id)
    feed.reset(head)
  }
}
