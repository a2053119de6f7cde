import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { CHANNEL_OF } from '@switchboard/contracts/protocol'
import { type Clock, pauseBy, type Sweeping, sweeping } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import { Feed, type FeedKind, type FeedParts } from './feed.ts'
import { FeedAudit } from './feed-audit.ts'
import { FeedRepair } from './feed-repair.ts'
import type { Archive, Listening, LogSource } from './log-source.ts'

export interface FeedSpec {
  readonly kind: FeedKind
  readonly id: string
  /** The head as storage told it, for an entity whose entries the log holds no more. */
  readonly head?: number
}

interface Held {
  readonly feed: Feed
  readonly opened: Promise<Refusal | null>
  uses: number
  cancelLinger: (() => void) | null
  readonly listening: Listening
}

interface Opening {
  readonly spec: FeedSpec
  readonly feed: Feed
  readonly done: (refusal: Refusal | null) => void
}

export interface RegistryParts {
  readonly source: LogSource
  readonly archive: Archive
  readonly clock: Clock
  readonly events: EdgeEvents
}

/** A batch was read from any replica: soon after, between one and two of these, its heads are looked at again. */
const SECOND_LOOK_MS = 1_000
/**
 * Between two batches while more wait. @NOTE When thousands come back, a batch that begins as soon as the one before has ended is a
 * dozen feeds, three for each stream, and the questions cost more than the answers.
 */
const BATCH_EVERY_MS = 50

/**
 * Every open feed, once, whoever uses it. What is opened in the same turn of the loop, or while others are being opened, is opened
 * together: one flush, one reading of heads, so that a storm of reconnects costs reads per room and not per connection.
 */
export class FeedRegistry implements Disposable {
  readonly #parts: RegistryParts
  readonly #feedParts: FeedParts
  readonly #held = new Map<string, Held>()
  readonly #repair: FeedRepair
  readonly #audit: FeedAudit
  #opening: Opening[] = []
  #isOpening = false
  readonly #secondLook: Sweeping
  /** Opened since the last sweep, and those that were opened before it. */
  #opened: { since: Feed[]; before: Feed[] } = { since: [], before: [] }

  constructor(parts: RegistryParts) {
    this.#parts = parts
    this.#secondLook = sweeping(parts.clock, SECOND_LOOK_MS, () => this.#lookAgain())
    this.#repair = new FeedRepair(parts)
    this.#feedParts = { ...parts, mend: (feed, cause) => void this.#repair.mend(feed, cause) }
    this.#audit = new FeedAudit({ ...parts, mend: (feed, cause) => this.mend(feed, cause), feeds: () => this.feeds() })
  }

  get size(): number {
    return this.#held.size
  }

  *feeds(): Iterable<Feed> {
    for (const { feed } of this.#held.values()) yield feed
  }

  find(kind: FeedKind, id: string): Feed | undefined {
    return this.#held.get(`${kind}:${id}`)?.feed
  }

  /** The name of a channel. Of one that is open it is the same string for all: each has many connections. */
  channelOf({ kind, id }: FeedSpec): string {
    const channel = CHANNEL_OF[kind](id)
    return this.#held.get(channel)?.feed.channel ?? channel
  }

  /** Begins to use a feed; each use must be released. @returns the open feed, or why not: then it is released already. */
  async use(spec: FeedSpec): Promise<Feed | Refusal> {
    const held = this.#held.get(`${spec.kind}:${spec.id}`) ?? this.#hold(spec)
    if (!held) return refuse('limit_exceeded', { message: 'This edge follows as many rooms as it can.' })
    held.uses += 1
    held.cancelLinger?.()
    held.cancelLinger = null
    const refusal = await held.opened
    if (refusal === null) return held.feed
    this.release(held.feed)
    return refusal
  }

  /** Ends one use. The feed stays a little, for whoever comes right back. */
  release(feed: Feed): void {
    const key = `${feed.kind}:${feed.id}`
    const held = this.#held.get(key)
    if (!held || held.feed !== feed) return
    held.uses -= 1
    if (held.uses > 0) return
    held.cancelLinger = this.#parts.clock.after(MAX.feedLingerMs, () => this.#drop(key, held))
  }

  mend(feed: Feed, cause: 'hole' | 'audit' | 'behind'): Promise<void> {
    return this.#repair.mend(feed, cause)
  }

  /** NATS was away: everything is compared with the log. */
  auditAll(): Promise<void> {
    return this.#audit.all()
  }

  [Symbol.dispose](): void {
    this.#secondLook[Symbol.dispose]()
    this.#audit[Symbol.dispose]()
    this.#repair.close()
    for (const held of this.#held.values()) {
      held.cancelLinger?.()
      held.listening.unsubscribe()
    }
    this.#held.clear()
  }

  #hold(spec: FeedSpec): Held | null {
    if (this.#held.size >= MAX.feeds) return null
    const { clock, events, source } = this.#parts
    const feed = new Feed(spec.kind, spec.id, this.#feedParts)
    const listening = source.listen(spec.kind, spec.id, feed)
    const opened = new Promise<Refusal | null>((done) => {
      this.#opening.push({ spec, feed, done })
    })
    if (!this.#isOpening) {
      this.#isOpening = true
      clock.soon(() => void this.#openAll())
    }
    const held: Held = { feed, opened, uses: 0, cancelLinger: null, listening }
    this.#held.set(feed.channel, held)
    events.feeds(this.#held.size)
    return held
  }

  async #openAll(): Promise<void> {
    const { clock } = this.#parts
    while (this.#opening.length > 0) {
      const batch = this.#opening
      this.#opening = []
      const next = clock.steady() + BATCH_EVERY_MS
      await this.#openTogether(batch)
      const waitMs = next - clock.steady()
      if (this.#opening.length > 0 && waitMs > 0) await pauseBy(clock, waitMs)
    }
    this.#isOpening = false
  }

  async #openTogether(batch: readonly Opening[]): Promise<void> {
    try {
      await this.#parts.source.settled()
      await Promise.all((['room', 'user', 'desk'] as const).map((kind) => this.#openKind(kind, batch)))
    } catch (error) {
      this.#notOpened(batch, error)
    }
  }

  async #openKind(kind: FeedKind, all: readonly Opening[]): Promise<void> {
    const batch = all.filter(({ spec }) => spec.kind === kind)
    const ids = batch.map(({ spec }) => spec.id)
    const [only] = ids
    if (only === undefined) return
    const { source } = this.#parts
    const heads = ids.length === 1 ? new Map([[only, await source.head(kind, only)]]) : await source.heads(kind, ids)
    for (const opening of batch) {
      const head = heads.get(opening.spec.id)
      // Storage may take its time: those that only need the log do not wait for it.
      if (head) this.#open(opening, { head: head.range.last, epoch: head.range.epoch, logSeq: head.logSeq })
      else void this.#openOlder(opening)
    }
    if (ids.length === 1) return
    this.#opened.since.push(...batch.map(({ feed }) => feed))
    this.#secondLook.begin()
  }

  /** @returns whether there are some to be looked at the next time. */
  #lookAgain(): boolean {
    const { since, before } = this.#opened
    this.#opened = { since: [], before: since }
    if (before.length > 0) void this.#audit.audit(before)
    return since.length > 0
  }

  /** The log holds nothing of it: it is new, or nothing has happened for as long as the log is kept. */
  async #openOlder(opening: Opening): Promise<void> {
    const { kind, id, head } = opening.spec
    const { source, archive } = this.#parts
    try {
      const [epoch, known] = await Promise.all([source.epoch(kind, id), head ?? archive.head(kind, id)])
      this.#open(opening, { head: known, epoch, logSeq: 0 })
    } catch (error) {
      this.#notOpened([opening], error)
    }
  }

  #open({ feed, done }: Opening, at: Parameters<Feed['open']>[0]): void {
    feed.open(at)
    done(null)
  }

  #notOpened(openings: readonly Opening[], error: unknown): void {
    this.#parts.events.feedsNotOpened(openings.length, error)
    for (const { feed, done } of openings) {
      const held = this.#held.get(feed.channel)
      if (held?.feed === feed && !feed.isLive) this.#drop(feed.channel, held)
      done(refuse('unavailable'))
    }
  }

  #drop(key: string, held: Held): void {
    if (this.#held.get(key) !== held) return
    this.#held.delete(key)
    held.listening.unsubscribe()
    this.#parts.events.feeds(this.#held.size)
  }
}
