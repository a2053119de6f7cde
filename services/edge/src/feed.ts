import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import { CHANNEL_OF, type Publication } from '@switchboard/contracts/protocol'
import type { Clock } from './clock.ts'
import { jsonCodec } from './codec-json.ts'
import type { EdgeEvents } from './events.ts'
import { Audience } from './fan-out.ts'
import type { Ear, LogEntry } from './log-source.ts'
import { publicationsOf } from './publications.ts'
import { Ring } from './ring.ts'

export type FeedKind = EntityKind

/** What a feed gives to those who read it inside this process, after its listeners. */
export type Watcher = (feed: Feed, entry: { first: number; last: number; payload: Uint8Array }) => void

/** Removals that a feed remembers, the newest: each counts only until the person's own channel tells of it too. */
const REMOVALS_MAX = 256

/** Entries that wait while a feed is opened or mended; older ones give way, as mending reads them from the log. */
const WAITING_MAX = 256

export interface FeedParts {
  readonly clock: Clock
  readonly events: EdgeEvents
  /** Starts to mend a feed that lacks something before what waits. */
  readonly mend: (feed: Feed, cause: MendCause) => void
}

export type MendCause = 'hole' | 'audit' | 'behind'

/**
 * One room, or one person's channel, that somebody here follows: its head, its newest events, its listeners. It hands entries on
 * in the log's order, each once, or not at all: what is missing in between is mended first, and nobody outside sees it.
 */
export class Feed implements Ear {
  readonly kind: FeedKind
  readonly id: string
  readonly channel: string
  readonly audience: Audience
  readonly watchers = new Set<Watcher>()
  readonly #ring = new Ring({ eventsMax: MAX.ringEntries, bytesMax: MAX.ringBytes })
  readonly #parts: FeedParts
  #state: 'opening' | 'live' | 'mending' = 'opening'
  #waiting: LogEntry[] = []
  /** Made for the first: from most channels nobody is ever removed. */
  #removals: Map<string, number> | null = null
  #head = 0
  #logSeq = 0
  #epoch = ''
  /** The head at which a hole was seen last: mending that did not move it cannot. */
  #holeAt = -1
  /** When the last entry came, in milliseconds: an audit looks only at the quiet ones. */
  heardAt: number

  constructor(kind: FeedKind, id: string, parts: FeedParts) {
    this.kind = kind
    this.id = id
    this.channel = CHANNEL_OF[kind](id)
    this.#parts = parts
    this.heardAt = parts.clock.steady()
    this.audience = new Audience(parts.clock, parts.events.delivered)
  }

  /** Number of the newest event, 0 if there is none. */
  get head(): number {
    return this.#head
  }
  get epoch(): string {
    return this.#epoch
  }
  /** Stream sequence of the entry of the head, 0 if it is not known. */
  get logSeq(): number {
    return this.#logSeq
  }
  get sockets(): number {
    return this.audience.size
  }
  get isLive(): boolean {
    return this.#state === 'live'
  }

  /** The log's head was read after listening had begun: what came in between follows, the rest is known. */
  open(at: { head: number; epoch: string; logSeq: number }): void {
    this.#head = at.head
    this.#epoch = at.epoch
    this.#logSeq = at.logSeq
    this.settle()
  }

  /** One entry, as it was heard. */
  take(entry: LogEntry): void {
    this.heardAt = this.#parts.clock.steady()
    if (this.#state === 'live') this.#accept(entry)
    else this.#wait(entry)
  }

  signal(payload: Uint8Array): void {
    this.audience.signal(this.channel, payload)
  }

  /** Mending begins: entries wait. False if it runs already. */
  beginMending(): boolean {
    if (this.#state !== 'live') return false
    this.#state = 'mending'
    return true
  }

  /** Whether this entry is what the feed lacked; if so, it is handed on. */
  acceptNext(entry: LogEntry): boolean {
    if (entry.range.first !== this.#head + 1 || entry.range.epoch !== this.#epoch) return false
    this.#logSeq = entry.logSeq
    this.#advance({ ...entry.range, gone: entry.gone, payload: Buffer.from(entry.payload) })
    return true
  }

  /** The same for what the log held no more: events right after the head, of which `logSeq` is the last one's entry. */
  acceptOlder(publications: readonly Publication[], logSeq: number): void {
    if (publications[0]?.offset !== this.#head + 1) return
    this.#logSeq = logSeq
    let part: Publication[] = []
    for (const publication of publications) {
      part.push(publication)
      const removed = removedBy(publication)
      if (removed === null && publication !== publications.at(-1)) continue
      // Whoever is removed must get nothing after it: there is no header here that says so for a whole entry.
      const first = part[0]?.offset ?? publication.offset
      const payload = jsonCodec.publications(this.channel, part)
      this.#advance({ first, last: publication.offset, gone: removed === null ? [] : [removed], payload })
      part = []
    }
  }

  /** The log is another one than before, or has a hole that nothing can fill: all positions are void. */
  reset(entry: LogEntry): void {
    this.#head = entry.range.last
    this.#epoch = entry.range.epoch
    this.#logSeq = entry.logSeq
    this.#ring.clear()
    this.audience.endAll('insufficient_state')
    for (const watcher of this.watchers) watcher(this, { first: this.#head + 1, last: this.#head, payload: EMPTY })
  }

  /** Opening or mending is done: what waited is handed on, as far as it has no hole. */
  settle(): void {
    this.#state = 'live'
    const waiting = this.#waiting
    this.#waiting = []
    for (const entry of waiting) this.take(entry)
  }

  /** Events after `offset` up to the head, or null if they are not all in memory. */
  since(offset: number): Publication[] | null {
    return this.#ring.since(offset, this.#head)
  }

  /** Number of the event that last removed this person, as far as it was heard here; 0 if none did. */
  removedAt(user: string): number {
    return this.#removals?.get(user) ?? 0
  }

  /** Number of the oldest event in memory, or one past the head. */
  get oldest(): number {
    return this.#ring.first ?? this.#head + 1
  }

  /** Older events that were fetched for one who resumed are kept for the next one. */
  remember(publications: readonly Publication[]): void {
    if (publications.at(-1)?.offset === this.oldest - 1) this.#ring.unshift(publications)
  }

  #accept(entry: LogEntry): void {
    if (entry.range.epoch !== this.#epoch) {
      this.#parts.events.feedReset(this.kind, this.id)
      this.reset(entry)
    } else if (entry.range.last > this.#head && !this.acceptNext(entry)) {
      this.#acceptAfterHole(entry)
    }
  }

  #acceptAfterHole(entry: LogEntry): void {
    if (this.#holeAt === this.#head) {
      this.#parts.events.feedReset(this.kind, this.id)
      this.reset(entry)
      return
    }
    this.#holeAt = this.#head
    this.#wait(entry)
    this.#parts.mend(this, 'hole')
  }

  #advance(entry: { first: number; last: number; gone: readonly string[]; payload: Uint8Array }): void {
    this.#head = entry.last
    const publications = publicationsOf(this.channel, entry.first, entry.payload)
    this.#ring.push(publications)
    if (entry.gone.length > 0) for (const publication of publications) this.#rememberRemoval(publication)
    this.audience.entry(this.channel, entry)
    for (const watcher of this.watchers) watcher(this, entry)
  }

  #rememberRemoval(publication: Publication): void {
    const user = removedBy(publication)
    if (user === null) return
    this.#removals ??= new Map()
    this.#removals.delete(user)
    this.#removals.set(user, publication.offset)
    const [oldest] = this.#removals.keys()
    if (this.#removals.size > REMOVALS_MAX && oldest !== undefined) this.#removals.delete(oldest)
  }

  #wait(entry: LogEntry): void {
    if (this.#waiting.length >= WAITING_MAX) this.#waiting.shift()
    this.#waiting.push(entry)
  }
}

const EMPTY = new Uint8Array()

/** The user whose membership ended with this event, or null. */
function removedBy({ data }: Publication): string | null {
  const event = JSON.parse(Buffer.from(data).toString()) as AnyEvent
  return event.type === 'member.removed' || event.type === 'agent.removed' ? event.user : null
}
