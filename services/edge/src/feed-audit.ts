import { MAX } from '@switchboard/contracts/limits'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Feed, MendCause } from './feed.ts'
import type { LogSource } from './log-source.ts'

/** Feeds compared in one question. */
const BATCH = 500
/** Audits that wait for one another: past it the next timer looks again. */
const WAITING_MAX = 64

export interface AuditParts {
  readonly source: LogSource
  readonly clock: Clock
  readonly events: EdgeEvents
  readonly mend: (feed: Feed, cause: MendCause) => unknown
  /** All open feeds. */
  readonly feeds: () => Iterable<Feed>
}

/**
 * A live message may be lost while a room is quiet, and then nothing comes after it that would show the hole. So quiet feeds are
 * compared with the heads of the log.
 */
export class FeedAudit implements Disposable {
  readonly #parts: AuditParts
  readonly #stop: () => void
  #last: Promise<void> = Promise.resolve()
  #waiting = 0

  constructor(parts: AuditParts) {
    this.#parts = parts
    this.#stop = parts.clock.every(MAX.auditMs, () => {
      const before = parts.clock.steady() - MAX.auditMs
      void this.audit([...parts.feeds()].filter((feed) => feed.heardAt <= before))
    })
  }

  /** After NATS was away: anything may have been missed. */
  all(): Promise<void> {
    return this.audit([...this.#parts.feeds()])
  }

  /** Compares these, one audit after the other; those that lack something begin to mend. */
  audit(feeds: readonly Feed[]): Promise<void> {
    if (this.#waiting >= WAITING_MAX) return this.#last
    this.#waiting += 1
    this.#last = this.#last
      .then(() => this.#run(feeds))
      .finally(() => {
        this.#waiting -= 1
      })
    return this.#last
  }

  async #run(feeds: readonly Feed[]): Promise<void> {
    try {
      for (let from = 0; from < feeds.length; from += BATCH) {
        const part = feeds.slice(from, from + BATCH).filter((feed) => feed.isLive)
        await Promise.all([this.#compare('room', part), this.#compare('user', part)])
      }
    } catch (error) {
      this.#parts.events.auditFailed(error)
    }
  }

  async #compare(kind: Feed['kind'], feeds: readonly Feed[]): Promise<void> {
    const mine = feeds.filter((feed) => feed.kind === kind)
    if (mine.length === 0) return
    const ids = mine.map(({ id }) => id)
    const heads = await this.#parts.source.heads(kind, ids)
    for (const feed of mine) {
      const head = heads.get(feed.id)
      if (!head || !feed.isLive) continue
      if (head.range.epoch !== feed.epoch || head.range.last > feed.head) void this.#parts.mend(feed, 'audit')
    }
  }

  [Symbol.dispose](): void {
    this.#stop()
  }
}
