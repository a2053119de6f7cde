import type { RoomEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import type { EventDocument } from './documents.ts'
import { changeDocument, clientEvent, roomEventDocument, targetOf } from './event-document.ts'

/** Which events a page is about: `first` to `last`, filled from the end that is named. */
export interface PageRange {
  readonly first: number
  readonly last: number
  readonly fill: 'up' | 'down'
}

const DEFAULT_LIMIT = 50

/** The range that a question is about, given the head. Empty (`last` < `first`) when there is nothing there. */
export function rangeOf(
  { after_seq, before_seq, limit = DEFAULT_LIMIT }: { after_seq?: number; before_seq?: number; limit?: number },
  head: number,
): PageRange {
  const count = Math.min(Math.max(1, limit), MAX.historyEvents)
  if (after_seq !== undefined) {
    const first = Math.max(0, after_seq) + 1
    const last = Math.min(first + count - 1, head, (before_seq ?? Number.POSITIVE_INFINITY) - 1)
    return { first, last, fill: 'up' }
  }
  const last = Math.min(head, (before_seq ?? Number.POSITIVE_INFINITY) - 1)
  return { first: Math.max(1, last - count + 1), last, fill: 'down' }
}

/** Stored events of a range, with what the tail adds to them and does to them. Pure. */
export function mergeTail(
  room: string,
  { stored, tail, range }: { stored: readonly EventDocument[]; tail: readonly RoomEvent[]; range: PageRange },
): EventDocument[] {
  const documents = new Map(stored.map((document) => [document.seq, document]))
  for (const event of tail) {
    const isInside = event.seq >= range.first && event.seq <= range.last
    if (isInside && !documents.has(event.seq)) documents.set(event.seq, roomEventDocument(room, event))
    const target = documents.get(targetOf(event) ?? 0)
    if (target) documents.set(target.seq, changeDocument(target, event))
  }
  return [...documents.values()].sort((a, b) => a.seq - b.seq)
}

type ClientEvent = ReturnType<typeof clientEvent>

/** The events as clients see them, as many as fit into a page, from the end that it is filled from; at least one. */
export function fitPage(
  documents: readonly EventDocument[],
  fill: PageRange['fill'],
): { events: ClientEvent[]; isCut: boolean } {
  const ordered = fill === 'up' ? documents : [...documents].reverse()
  const events: ClientEvent[] = []
  let bytes = 0
  for (const document of ordered) {
    const event = clientEvent(document)
    bytes += Buffer.byteLength(JSON.stringify(event)) + 1
    if (events.length > 0 && bytes > MAX.historyBytes) break
    events.push(event)
  }
  const isCut = events.length < documents.length
  return { events: fill === 'up' ? events : events.reverse(), isCut }
}
