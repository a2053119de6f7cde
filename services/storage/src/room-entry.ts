import type { RoomEvent } from '@switchboard/contracts/events'
import type { RoomEntry } from '@switchboard/contracts/methods'
import type { LastMessage, MemberDocument, MembershipDocument, RoomDocument } from './documents.ts'
import { shorten } from './event-document.ts'
import { foldTail } from './room-view.ts'

/** A membership as far as a list needs it. */
export type Belonging = Pick<MembershipDocument, 'room' | 'kind' | 'title' | 'room_seq' | 'at'>

export interface EntryParts {
  readonly user: string
  readonly belonging: Belonging
  readonly document: RoomDocument | null
  readonly member: MemberDocument | null
  /** Events after the document's head, without a hole. */
  readonly tail: readonly RoomEvent[]
}

/**
 * One line of a room list, or null of a room that they are out of: the room's own log says so before theirs, which may be
 * held up by another stream. Pure.
 */
export function roomEntry({ user, belonging, document, member, tail }: EntryParts): RoomEntry | null {
  const { room } = belonging
  const state = foldTail(room, { document, members: member ? [member] : [] }, tail)
  const isRemovedSince = member?.gone === true && member.seq >= Math.max(state.head, belonging.room_seq)
  if (isRemovedSince || (state.head >= belonging.room_seq && !state.members.has(user))) return null
  const isDirect = (state.kind ?? belonging.kind) === 'direct'
  const own = state.members.get(user)
  // The person's own log says that they are in; the room's own record of them may still be on its way.
  const { role, read, read_n } = own ?? { role: 'member' as const, read: belonging.room_seq, read_n: state.n }
  const last = lastMessage(document?.last ?? null, tail)
  return {
    room,
    kind: state.kind ?? belonging.kind,
    title: state.kind === null ? belonging.title : state.title,
    ...(isDirect ? { peer: pairOf(document, tail).find((each) => each !== user) ?? null } : {}),
    role,
    head: state.head,
    read: Math.min(read, state.head),
    unread: Math.max(0, state.n - read_n),
    members: countMembers(document, tail),
    last: last && { seq: last.seq, from: last.from, at: last.at, text: last.text },
    at: tail.at(-1)?.at ?? document?.at ?? belonging.at,
  }
}

function pairOf(document: RoomDocument | null, tail: readonly RoomEvent[]): readonly string[] {
  const created = tail.find((event) => event.type === 'room.created')
  return document?.pair ?? created?.members.map(({ user }) => user) ?? []
}

function countMembers(document: RoomDocument | null, tail: readonly RoomEvent[]): number {
  let count = document?.members ?? 0
  for (const event of tail) {
    if (event.type === 'room.created') count = event.members.length
    else if (event.type === 'member.added') count += 1
    else if (event.type === 'member.removed') count -= 1
  }
  return Math.max(0, count)
}

function lastMessage(stored: LastMessage | null, tail: readonly RoomEvent[]) {
  let last: Omit<LastMessage, 'changed'> | null = stored
  for (const event of tail) {
    if (event.type === 'message') {
      const { seq, from, at, text } = event
      last = { seq, from, at, text: shorten(text) }
    } else if (event.type === 'message.edited' && last?.seq === event.target) {
      last = { ...last, text: shorten(event.text) }
    } else if (event.type === 'message.deleted' && last?.seq === event.target) last = { ...last, text: '' }
  }
  return last
}
