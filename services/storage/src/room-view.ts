import type { Bus } from '@switchboard/bus/connect'
import type { LogEntry } from '@switchboard/bus/log-entry'
import type { RoomEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import type { MemberState } from '@switchboard/contracts/queries'
import { applyRoom, emptyRoom, type RoomState } from '@switchboard/domain/room'
import { type MemberDocument, memberKey, type RoomDocument } from './documents.ts'
import { NOTHING_SAVED, tailOf } from './log-tail.ts'
import { type Collections, exactly, oneOf } from './mongo-connect.ts'

/** A room as of its log's head: MongoDB's projection with the unsaved tail folded in. */
export interface RoomView {
  readonly document: RoomDocument | null
  /** seq up to which MongoDB has the room. */
  readonly saved: number
  /** Whole but for the members, who are only those that were asked for and those in the tail. */
  readonly state: RoomState
  readonly tail: readonly RoomEvent[]
  readonly entry: LogEntry | null
}

export interface Sources {
  readonly bus: Bus
  readonly collections: Collections
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number
}

const memberOf = ({ user, role, since_seq, read, read_n }: MemberDocument): MemberState => ({
  user,
  role,
  since_seq,
  read,
  read_n,
})

/** MongoDB's room and the members given, with the tail folded over. Pure. @throws when the tail does not follow: see `applyRoom`. */
export function foldTail(
  room: string,
  stored: { document: RoomDocument | null; members: readonly MemberDocument[] },
  tail: readonly RoomEvent[],
): RoomState {
  const { document } = stored
  const present = stored.members.filter(({ gone }) => !gone).map(memberOf)
  const state: RoomState = {
    ...emptyRoom(room),
    ...(document && { kind: document.kind, title: document.title, head: document.head, n: document.n }),
    standing: document?.standing ?? null,
    members: new Map(present.map((member) => [member.user, member])),
  }
  for (const event of tail) applyRoom(state, event)
  // Members are stored before the head, so they may be ahead of it: marks that the tail has set back count nevertheless.
  for (const { user, read, read_n } of stored.members) {
    const member = state.members.get(user)
    if (member && member.read < read) state.members.set(user, { ...member, read, read_n })
  }
  return state
}

/** Reads a room; `members` are all, or these. MongoDB comes first and the log second, so that nothing is missed between them. */
export async function viewRoom(
  { bus, collections }: Sources,
  room: string,
  members: 'all' | readonly string[],
): Promise<RoomView> {
  const document = await collections.rooms.findOne({ _id: exactly(room) })
  const stored = await readMembers(collections, room, members)
  const { entry, events: tail } = await tailOf<RoomEvent>(bus, { kind: 'room', id: room }, document ?? NOTHING_SAVED)
  const state = foldTail(room, { document, members: stored }, tail)
  return { document, saved: document?.head ?? 0, state, tail, entry }
}

async function readMembers(
  { members }: Collections,
  room: string,
  who: 'all' | readonly string[],
): Promise<MemberDocument[]> {
  if (who === 'all') {
    return members.find({ room: exactly(room), gone: false }, { batchSize: MAX.roomMembers + 1 }).toArray()
  }
  const [user] = who
  if (user === undefined) return []
  // One key alone is what every database finds without looking at the others.
  if (who.length === 1) return members.find({ _id: exactly(memberKey(room, user)) }).toArray()
  return members.find({ _id: oneOf(who.map((each) => memberKey(room, each))) }).toArray()
}

/** Whether this person may read the room. */
export const mayRead = ({ state }: RoomView, user: string): boolean =>
  state.members.has(user) || state.kind === 'public'

/** When something last happened in the room, 0 if nothing did. */
export const lastAt = ({ document, tail }: RoomView): number => tail.at(-1)?.at ?? document?.at ?? 0
