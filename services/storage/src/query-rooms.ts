import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { partIn } from './desk-rights.ts'
import { pageMembers } from './member-page.ts'
import { namesOf } from './names-of.ts'
import { mayRead, type Sources, viewRoom } from './room-view.ts'
import { fitLists, listRooms } from './user-rooms.ts'

type Handlers = Pick<StorageHandlers, 'user.rooms' | 'room.members' | 'room.head'>

/** Below one NATS message, with its frame. */
const ANSWER_BYTES_MAX = 900_000

/** Room lists, member lists, heads. */
export const roomQueries = (sources: Sources): Handlers => ({
  'user.rooms': async ({ users, heads = [] }) => {
    const asked = users.map((user, i) => ({ user, head: heads[i] }))
    return { lists: fitLists(await listRooms(sources, asked), ANSWER_BYTES_MAX) }
  },
  'room.members': async ({ room, user, after }) => {
    const page = await pageMembers(sources, room, { after, limit: MAX.listPage, asker: user })
    if (!mayRead(page.view, user)) return refuse('not_a_member', { field: 'room' })
    const names = await namesOf(
      sources.collections,
      page.members.map((member) => member.user),
    )
    const members = page.members.map(({ user: id, role, since_seq, read }) => {
      const name = names.get(id)
      return { user: id, role, since_seq, read, ...(name === undefined ? {} : { name }) }
    })
    return { members, more: page.more }
  },
  'room.head': async ({ room, ...asker }) => {
    const { user } = asker
    const view = await viewRoom(sources, room, [user])
    const { kind, head, members } = view.state
    const watches = kind !== null && !mayRead(view, user) && (await partIn(sources, view, asker)) === 'supervisor'
    if (kind === null || (!watches && !mayRead(view, user))) return refuse('not_a_member', { field: 'room' })
    return { head, kind, member: members.has(user), watches }
  },
})
