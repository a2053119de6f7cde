import type { RoomEvent } from '@switchboard/contracts/events'
import type { MemberState } from '@switchboard/contracts/queries'
import { memberKey } from './documents.ts'
import { NOTHING_SAVED, tailOf } from './log-tail.ts'
import { exactly, oneOf } from './mongo-connect.ts'
import { foldTail, type RoomView, type Sources } from './room-view.ts'

export interface MemberPage {
  readonly view: RoomView
  /** By user id. */
  readonly members: readonly MemberState[]
  readonly more: boolean
}

/** The people that an event is about. */
export function concerned(event: RoomEvent): string[] {
  if (event.type === 'room.created') return event.members.map(({ user }) => user)
  return 'user' in event ? [event.user] : []
}

/** One page of the members as of the head, after the user `after`. The view also holds `asker`, on whatever page they are. */
export async function pageMembers(
  { bus, collections }: Sources,
  room: string,
  { after = '', limit, asker }: { after?: string | undefined; limit: number; asker?: string },
): Promise<MemberPage> {
  const document = await collections.rooms.findOne({ _id: exactly(room) })
  const user = { $gt: exactly(after) }
  const page = await collections.members
    .find({ room: exactly(room), gone: false, user })
    .sort({ user: 1 })
    .limit(limit + 1)
    .toArray()
  const { entry, events: tail } = await tailOf<RoomEvent>(bus, { kind: 'room', id: room }, document ?? NOTHING_SAVED)
  const known = new Set(page.map((member) => member.user))
  const named = [...tail.flatMap(concerned), ...(asker === undefined ? [] : [asker])]
  const others = [...new Set(named)].filter((each) => !known.has(each)).map((each) => memberKey(room, each))
  const extra = others.length === 0 ? [] : await collections.members.find({ _id: oneOf(others) }).toArray()
  const state = foldTail(room, { document, members: [...page, ...extra] }, tail)
  // What lies beyond a full page is not known whole: it comes with the next one.
  const end = page.length > limit ? page[limit - 1]?.user : undefined
  const found = [...state.members.values()]
    .filter((member) => member.user > after && (end === undefined || member.user <= end))
    .sort((a, b) => (a.user < b.user ? -1 : 1))
  const view = { document, saved: document?.head ?? 0, state, tail, entry }
  return { view, members: found.slice(0, limit), more: end !== undefined || found.length > limit }
}
