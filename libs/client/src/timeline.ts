import type { RoomEvent } from '@switchboard/contracts/events'
import { asRoomEvent, changedBy, itemOf, type MessageItem, type TimelineItem, targetOf } from './timeline-item.ts'

/** A page of `room.history`, as it came. */
export interface Page {
  readonly events: readonly unknown[]
  readonly head: number
  readonly more: boolean
}

export type Outcome = 'applied' | 'known' | 'hole'

/** A page of history is seconds on its way; this is many seconds of a busy room. */
const CHANGES_MAX = 1_000

/**
 * The loaded stretch of one room, seq `first` to `position` without a hole. Live events go in one by one, strictly
 * `position + 1`; older pages go in front. Deterministic: the same calls give the same timeline.
 */
export class Timeline {
  #items: TimelineItem[] = []
  #messages = new Map<number, MessageItem>()
  #first = 1
  #position = 0
  #complete = true
  /** The newest events that changed a message, for messages that were not loaded yet when they came. */
  #changes: RoomEvent[] = []

  /** Messages and notices, ascending. A new array after each change of the timeline, never changed in place. */
  get items(): readonly TimelineItem[] {
    return this.#items
  }

  /** Seq of the oldest event that is loaded. */
  get first(): number {
    return this.#first
  }

  /** Seq of the newest event that was applied: every one from `first` to here is in. */
  get position(): number {
    return this.#position
  }

  /** Whether nothing older exists. */
  get complete(): boolean {
    return this.#complete
  }

  message(seq: number): MessageItem | undefined {
    return this.#messages.get(seq)
  }

  /** Begins after `position`, with nothing loaded: for a process that kept its place. */
  startAfter(position: number): void {
    this.#items = []
    this.#messages = new Map()
    this.#changes = []
    this.#first = position + 1
    this.#position = position
    this.#complete = position === 0
  }

  /** Begins again with the newest page. */
  reset(page: Page): void {
    const events = eventsOf(page)
    this.startAfter((events[0]?.seq ?? page.head + 1) - 1)
    this.#complete = !page.more
    this.#place(events, page.head)
    this.#position = Math.max(this.#position, events.at(-1)?.seq ?? page.head)
  }

  /** One live event. A hole changes nothing: what is missing must come first. */
  append(event: RoomEvent): Outcome {
    if (event.seq <= this.#position) return 'known'
    if (event.seq !== this.#position + 1) return 'hole'
    this.#place([event], event.seq)
    return 'applied'
  }

  /**
   * The page of history after `position`.
   * @returns the events that were new, in order; empty if the page did not begin at `position + 1`.
   */
  extend(page: Page): RoomEvent[] {
    const events = eventsOf(page).filter((event) => event.seq > this.#position)
    const dense = events.filter((event, index) => event.seq === this.#position + 1 + index)
    this.#place(dense, page.head)
    return dense
  }

  /** The page of history before `first`. */
  prepend(page: Page): void {
    const events = eventsOf(page).filter((event) => event.seq < this.#first)
    // The page was read a moment ago: what changed its messages since came while they were not here.
    const older = events.flatMap((event) => this.#asOfNow(itemOf(event, page.head)))
    this.#items = [...older, ...this.#items]
    for (const item of older) if (item.kind === 'message') this.#messages.set(item.seq, item)
    this.#first = events[0]?.seq ?? this.#first
    this.#complete = !page.more || events.length === 0
  }

  /** Forgets the oldest items, so that a long day in a busy room stays in memory. */
  trim(itemsMax: number): void {
    if (this.#items.length <= itemsMax) return
    this.#items = this.#items.slice(-itemsMax)
    this.#first = this.#items[0]?.seq ?? this.#first
    this.#complete = false
    this.#messages = new Map(this.#items.flatMap((item) => (item.kind === 'message' ? [[item.seq, item]] : [])))
  }

  #place(events: readonly RoomEvent[], asOf: number): void {
    if (events.length === 0) return
    const items = [...this.#items]
    for (const event of events) {
      const item = itemOf(event, asOf)
      if (item) items.push(item)
      if (item?.kind === 'message') this.#messages.set(item.seq, item)
      this.#change(items, event)
    }
    this.#items = items
    this.#position = events.at(-1)?.seq ?? this.#position
  }

  #asOfNow(item: TimelineItem | null): TimelineItem[] {
    if (item?.kind !== 'message') return item ? [item] : []
    return [this.#changes.reduce((now, event) => (targetOf(event) === now.seq ? changedBy(now, event) : now), item)]
  }

  #change(items: TimelineItem[], event: RoomEvent): void {
    const target = targetOf(event)
    if (target === null) return
    this.#changes.push(event)
    if (this.#changes.length > CHANGES_MAX) this.#changes.splice(0, CHANGES_MAX / 2)
    const before = this.#messages.get(target)
    if (!before) return
    const after = changedBy(before, event)
    if (after === before) return
    this.#messages.set(after.seq, after)
    items[indexOf(items, after.seq)] = after
  }
}

const eventsOf = (page: Page): RoomEvent[] => page.events.map(asRoomEvent).filter((event) => event !== null)

/** Where the item with this seq stands: items ascend by seq, so halving finds it. */
function indexOf(items: readonly TimelineItem[], seq: number): number {
  let low = 0
  let high = items.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if ((items[middle]?.seq ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}
