import type { LogEntry } from '@switchboard/bus/log-entry'
import { decodeEntry } from '@switchboard/contracts/entry'
import { MAX } from '@switchboard/contracts/limits'
import { BoundedMap } from './bounded-map.ts'
import { lookTogether } from './look-together.ts'

const ROOMS_MAX = 1_000

type Entry = Pick<LogEntry, 'logSeq' | 'payload'>

/** The log of a room; a test may put its own in its place. */
export type TailDoor = {
  /** The stream sequence of the newest entry of a room, from the leader; 0 if it has none. */
  readonly head: (room: string) => Promise<number>
  /** The entries after one and up to another, at most so many of them. */
  readonly entries: (room: string, range: { after: number; upTo: number; most: number }) => Promise<readonly Entry[]>
}

export type Tail = {
  /** The newest seq that the user wrote after the entry with this stream sequence, 0 if none. @throws when NATS is away. */
  readonly wrote: (room: string, asked: { user: string; after: number }) => Promise<number>
}

/** What was read of a room: nothing is read twice while pushes go forward. */
type Known = { readonly from: number; upTo: number; read: number; readonly newest: Map<string, number> }

/**
 * Who wrote in a room after a message: the sender's last look before a push, as whoever writes has seen what stands above. Sees all
 * that was acknowledged before the look; in a room with more than `MAX.pushTailEntries` newer entries, the first of them.
 */
export function createTail(door: TailDoor): Tail {
  const rooms = new BoundedMap<string, Known>(ROOMS_MAX)
  // A message in a large room is a push for each of its people, all due in the same moment.
  const headOf = lookTogether(door.head)
  const knownFrom = (room: string, after: number): Known => {
    const known = rooms.get(room)
    // Far behind everything that it was made for, it holds what nobody asks about any more.
    if (known && known.from <= after && known.read < MAX.pushTailEntries) return known
    const made = { from: after, upTo: after, read: 0, newest: new Map<string, number>() }
    rooms.set(room, made)
    return made
  }
  return {
    wrote: async (room, { user, after }) => {
      const upTo = await headOf(room)
      if (upTo <= after) return 0
      const known = knownFrom(room, after)
      const most = MAX.pushTailEntries - known.read
      const entries = known.upTo < upTo ? await door.entries(room, { after: known.upTo, upTo, most }) : []
      for (const entry of entries) note(known, entry)
      return known.newest.get(user) ?? 0
    },
  }
}

/** Entries can come twice, when two pushes look at the same time. */
function note(known: Known, { logSeq, payload }: Entry): void {
  if (logSeq <= known.upTo) return
  known.upTo = logSeq
  known.read += 1
  for (const event of decodeEntry(payload)) if (event.type === 'message') known.newest.set(event.from, event.seq)
}
