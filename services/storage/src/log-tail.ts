import type { Bus } from '@switchboard/bus/connect'
import { readHead, readTail } from '@switchboard/bus/log'
import type { LogEntry } from '@switchboard/bus/log-entry'
import { decodeEntry } from '@switchboard/contracts/entry'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'

/** Up to where MongoDB has an entity. */
export interface Saved {
  readonly head: number
  readonly epoch: string
  readonly log_seq: number
}

export const NOTHING_SAVED: Saved = { head: 0, epoch: '', log_seq: 0 }

/** What the log has of an entity beyond MongoDB. */
export interface Tail<Event extends AnyEvent = AnyEvent> {
  /** The newest entry, null when the log holds none any more. */
  readonly entry: LogEntry | null
  readonly events: readonly Event[]
}

/** The tail is longer than what one answer may read: storage is far behind, and whoever asks may ask again. */
export class TailTooLongError extends Error {
  override name = 'TailTooLongError'
}

/**
 * Events after `saved`, given the newest entry. `saved` must have been read from MongoDB before that entry was read: so nothing
 * lies between the two. @throws TailTooLongError, and the errors of NATS.
 */
export async function tailTo<Event extends AnyEvent>(
  bus: Bus,
  entity: { kind: EntityKind; id: string },
  { saved, entry }: { saved: Saved; entry: LogEntry | null },
): Promise<Tail<Event>> {
  if (!entry || entry.range.last <= saved.head) return { entry, events: [] }
  const missing = entry.range.last - saved.head
  if (missing > MAX.storageQueue) throw new TailTooLongError(`${missing} events of ${entity.id} are not stored yet`)
  // The stream sequence of another epoch says nothing about this log: then the subject is read from its start.
  const after = entry.range.epoch === saved.epoch ? saved.log_seq : 0
  const isAlone = entry.range.first === saved.head + 1
  const entries = isAlone ? [entry] : await readTail(bus, entity, { after, upTo: entry.logSeq })
  const events = entries.flatMap(({ payload }) => decodeEntry(payload) as Event[])
  return { entry, events: events.filter(({ seq }) => seq > saved.head) }
}

/** The same up to the head of the log, by the word of its leader. */
export async function tailOf<Event extends AnyEvent>(
  bus: Bus,
  entity: { kind: EntityKind; id: string },
  saved: Saved,
): Promise<Tail<Event>> {
  return tailTo(bus, entity, { saved, entry: await readHead(bus, entity.kind, entity.id) })
}
