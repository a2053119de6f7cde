import type { Role, RoomEvent, RoomKind } from '@switchboard/contracts/events'
import type { MemberState, RoomSnapshot } from '@switchboard/contracts/queries'

/** A room as its events make it. Changed only by `applyRoom`. */
export interface RoomState {
  readonly room: string
  kind: RoomKind | null
  title: string | null
  /** seq of the newest event, 0 before the first. */
  head: number
  /** Messages up to the head. */
  n: number
  readonly members: Map<string, MemberState>
}

export const emptyRoom = (room: string): RoomState => ({
  room,
  kind: null,
  title: null,
  head: 0,
  n: 0,
  members: new Map(),
})

/** The state that a snapshot describes. */
export function roomOf(snapshot: Pick<RoomSnapshot, 'room' | 'kind' | 'title' | 'head' | 'n' | 'members'>): RoomState {
  const { room, kind, title, head, n, members } = snapshot
  return { room, kind, title, head, n, members: new Map(members.map((member) => [member.user, member])) }
}

const newMember = (user: string, role: Role, event: RoomEvent): MemberState => ({
  user,
  role,
  since_seq: event.seq,
  // What was there before somebody came is not unread to them.
  read: event.seq,
  read_n: event.n,
})

/** Folds the next event in. @throws when it is not the next: a hole here is a bug, and everything after it would be wrong. */
export function applyRoom(state: RoomState, event: RoomEvent): void {
  if (event.seq !== state.head + 1) throw new Error(`event ${event.seq} of room ${state.room} after ${state.head}`)
  state.head = event.seq
  state.n = event.n
  switch (event.type) {
    case 'room.created':
      state.kind = event.kind
      state.title = event.title ?? null
      for (const { user, role } of event.members) state.members.set(user, newMember(user, role, event))
      break
    case 'room.updated':
      state.title = event.title
      break
    case 'member.added':
      state.members.set(event.user, newMember(event.user, event.role, event))
      break
    case 'member.changed': {
      const member = state.members.get(event.user)
      if (member) state.members.set(event.user, { ...member, role: event.role })
      break
    }
    case 'member.removed':
      state.members.delete(event.user)
      break
    case 'message':
      // Whoever writes has seen what stands above.
      applyMark(state, { user: event.from, seq: event.seq, n: event.n })
      break
    case 'message.edited':
    case 'message.deleted':
    case 'message.reacted':
      break
  }
}

/** Moves a member's read mark forward; never back. @returns whether it moved. */
export function applyMark(state: RoomState, mark: { user: string; seq: number; n: number }): boolean {
  const member = state.members.get(mark.user)
  if (!member || mark.seq <= member.read) return false
  state.members.set(mark.user, { ...member, read: mark.seq, read_n: mark.n })
  return true
}

/** The oldest member other than `leaving`: who a room passes to when its last owner goes. */
export function heirOf(state: RoomState, leaving: string): MemberState | undefined {
  return [...state.members.values()]
    .filter(({ user }) => user !== leaving)
    .sort((a, b) => a.since_seq - b.since_seq || (a.user < b.user ? -1 : 1))
    .at(0)
}
