import type { RoomEvent } from '@switchboard/contracts/events'
import type { RoomEntry } from '@switchboard/contracts/methods'

/** The text beside a room in a list, as long as the server makes it. */
const LAST_TEXT_CHARS = 200

/** What one event does to the list's entry of its room: the entry after it, `gone` when one is no member any more, `stale` when the list must be read again. */
export function afterEvent(entry: RoomEntry, event: RoomEvent, me: string): RoomEntry | 'gone' | 'stale' {
  if (event.seq <= entry.head) return entry
  if (event.seq > entry.head + 1) return 'stale'
  const next = { ...entry, head: event.seq, at: event.at }
  switch (event.type) {
    case 'message':
      return { ...next, ...readingOf(entry, event, me), last: lastOf(event) }
    case 'message.edited':
      return { ...next, last: retold(entry.last, event.target, event.text) }
    case 'message.deleted':
      return { ...next, last: retold(entry.last, event.target, '') }
    case 'room.updated':
      return { ...next, title: event.title }
    case 'member.added':
      return { ...next, members: entry.members + 1 }
    case 'member.removed':
      return event.user === me ? 'gone' : { ...next, members: Math.max(0, entry.members - 1) }
    case 'member.changed':
      return event.user === me ? { ...next, role: event.role } : next
    default:
      return next
  }
}

/** One's own message moves one's mark to it: whoever writes has read. */
function readingOf(entry: RoomEntry, event: RoomEvent, me: string): Pick<RoomEntry, 'read' | 'unread'> {
  return event.from === me ? { read: event.seq, unread: 0 } : { read: entry.read, unread: entry.unread + 1 }
}

function lastOf(event: Extract<RoomEvent, { type: 'message' }>): RoomEntry['last'] {
  return { seq: event.seq, from: event.from, at: event.at, text: (event.text ?? '').slice(0, LAST_TEXT_CHARS) }
}

function retold(last: RoomEntry['last'], target: number, text: string): RoomEntry['last'] {
  return last?.seq === target ? { ...last, text: text.slice(0, LAST_TEXT_CHARS) } : last
}

/** A read position from another device, or the answer to one's own mark. Never moves back. */
export function afterRead(entry: RoomEntry, read: number, unread: number): RoomEntry {
  return read < entry.read ? entry : { ...entry, read, unread }
}

/**
 * The list as it was read anew, beside what is known. Events may have come while it was on its way, and a mark may be on
 * its way still: whichever is further stands.
 */
export function merged(known: ReadonlyMap<string, RoomEntry>, fresh: readonly RoomEntry[]): Map<string, RoomEntry> {
  return new Map(
    fresh.map((entry) => {
      const before = known.get(entry.room)
      if (!before || before.head < entry.head) return [entry.room, entry]
      return [entry.room, before.head > entry.head || before.read > entry.read ? before : entry]
    }),
  )
}

/** Most recent first; rooms of the same moment by id, so that the order is one. */
export const byRecency = (entries: Iterable<RoomEntry>): RoomEntry[] =>
  [...entries].sort((a, b) => b.at - a.at || (a.room < b.room ? -1 : 1))
