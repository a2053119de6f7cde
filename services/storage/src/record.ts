import type { DeskEvent } from '@switchboard/contracts/desk-events'
import { decodeEntry, type EntryRange } from '@switchboard/contracts/entry'
import type { AnyEvent, RoomEvent, UserEvent } from '@switchboard/contracts/events'
import { type EntityKind, isId } from '@switchboard/contracts/ids'
import type { MarkRecord } from '@switchboard/contracts/records'
import { entityOf } from '@switchboard/contracts/subjects'
import type { Span } from '@switchboard/runtime/tracing'

/** Where a record was read: what the position of its partition moves to when it is stored. */
export interface Origin {
  readonly source: 'log' | 'marks'
  readonly partition: number
  readonly incarnation: string
  readonly seq: number
}

interface Logged<Kind extends string, Event> {
  readonly kind: Kind
  readonly id: string
  readonly range: EntryRange
  readonly logSeq: number
  readonly events: readonly Event[]
}

/** What a record says, parsed. `nothing` is the place of a record that went to `dead`. */
export type Content =
  | Logged<'room', RoomEvent>
  | Logged<'user', UserEvent>
  | Logged<'desk', DeskEvent>
  | { readonly kind: 'mark'; readonly mark: MarkRecord }
  | { readonly kind: 'nothing' }

export interface StoredRecord {
  readonly origin: Origin
  readonly content: Content
  /** Until it is stored, where it is traced. */
  readonly span?: Span | undefined
  /** As it was read, for `dead`. */
  readonly raw?: { readonly subject: string; readonly data: Uint8Array }
}

interface ParsedEntry {
  readonly subject: string
  readonly logSeq: number
  readonly range: EntryRange
  readonly payload: Uint8Array
}

/** Names that the projection itself gives to fields of a document: an event with one of them would write over it. */
const RESERVED = ['_id', 'intent', 'changed', 'edited', 'deleted', 'reactions']

/** @throws when the entry is not of ours: it is poison, and goes to `dead`. */
export function contentOf(entry: ParsedEntry): Content {
  const { kind, id } = entityOf(entry.subject)
  const { first, last } = entry.range
  if (!isId(id) || (kind !== 'room' && kind !== 'user' && kind !== 'desk'))
    throw new Error(`no projection for ${entry.subject}`)
  const events = decodeEntry(entry.payload)
  if (events.length !== last - first + 1) throw new Error(`${events.length} events in an entry of ${first} to ${last}`)
  events.forEach((event, i) => {
    check(event, { seq: first + i, owner: kind })
  })
  const { range, logSeq } = entry
  return { kind, id, range, logSeq, events } as Content
}

function check(event: AnyEvent, expected: { seq: number; owner: EntityKind }): void {
  const { seq, n, at, from, cid, type } = event
  const isWhole = typeof type === 'string' && typeof from === 'string' && typeof cid === 'string'
  if (!isWhole || seq !== expected.seq || !Number.isInteger(n) || !Number.isInteger(at)) {
    throw new Error(`not an event numbered ${expected.seq}: ${JSON.stringify(event).slice(0, 200)}`)
  }
  const taken = [...RESERVED, expected.owner].find((name) => Object.hasOwn(event, name))
  if (taken !== undefined) throw new Error(`an event with a field ${taken}`)
}

/** @throws when the mark is not of ours. */
export function markOf(value: unknown): Content {
  const mark = value as MarkRecord
  if (!isId(mark.room) || !isId(mark.user) || !Number.isInteger(mark.seq) || !Number.isInteger(mark.n)) {
    throw new Error(`not a mark: ${JSON.stringify(value).slice(0, 200)}`)
  }
  return { kind: 'mark', mark }
}
