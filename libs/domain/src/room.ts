import type { ConversationEvent, Standing } from '@switchboard/contracts/desk-events'
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
  /** Of a room of a conversation: who is responsible, as the desk said last. */
  standing: Standing | null
  /** Of a conversation: the newest message that its desk is told of. Not in snapshots: told once too often changes nothing. */
  told: { readonly by: 'visitor' | 'agent'; readonly at: number; readonly seq: number } | null
}

export const emptyRoom = (room: string): RoomState => ({
  room,
  kind: null,
  title: null,
  head: 0,
  n: 0,
  members: new Map(),
  standing: null,
  told: null,
})

/** The state that a snapshot describes. */
export function roomOf(
  snapshot: Pick<RoomSnapshot, 'room' | 'kind' | 'title' | 'head' | 'n' | 'members' | 'standing'>,
): RoomState {
  const { room, kind, title, head, n, members, standing = null } = snapshot
  const byUser = new Map(members.map((member) => [member.user, member]))
  return { room, kind, title, head, n, members: byUser, standing, told: null }
}

/** What an event tells of how a conversation stands. */
export const standingOf = ({
  desk,
  visitor,
  state,
  agent,
  revision,
  until,
  bot,
  offline,
}: Exclude<ConversationEvent, { type: 'conversation.details' }>): Standing => ({
  ...{ desk, visitor, state, agent, revision },
  ...(until === undefined ? {} : { until }),
  ...(bot && { bot }),
  ...(offline && { offline }),
})

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
      noteTold(state, event)
      break
    case 'message.edited':
    case 'message.deleted':
    case 'message.reacted':
    case 'conversation.details':
      break
    default:
      // The first word of whoever has it by now is a new turn, though the last one was an agent's, too.
      if (state.standing?.agent !== event.agent) state.told = null
      state.standing = standingOf(event)
  }
}

/** A desk is told of the first message of each turn, and then once a minute. */
const TOLD_EVERY_MS = 60_000

function noteTold(state: RoomState, { from, at, seq }: RoomEvent): void {
  if (state.kind !== 'conversation' || !state.standing) return
  const by = from === state.standing.visitor ? 'visitor' : 'agent'
  if (state.told?.by === by && at - state.told.at < TOLD_EVERY_MS) return
  state.told = { by, at, seq }
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
