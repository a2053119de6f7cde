import type { StorageHandlers } from '@switchboard/bus/ask'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { Recipient, RecipientsPage } from '@switchboard/contracts/push-queries'
import type { MemberState } from '@switchboard/contracts/queries'
import type { Device } from '@switchboard/contracts/records'
import type { DeviceDocument } from './documents.ts'
import { type Collections, oneOf } from './mongo-connect.ts'
import { namesOf } from './names-of.ts'
import { type PushRoom, readPushRooms } from './push-rooms.ts'
import type { Sources } from './room-view.ts'

type Handlers = Pick<StorageHandlers, 'push.recipients'>

/** Recipients of one room in one answer. */
const PAGE = 100
/** Recipients of all rooms of one answer: some 200 bytes each, and what their badges count is read for all. */
const PEOPLE_MAX = 1_000
/** Devices of one answer come to at most this much: past it the answer ends early. Each may have 4 KB, of 25 for each person. */
const DEVICE_BYTES_MAX = 500_000

/** A room of an answer with those of its members whom the answer has place for. */
interface Told extends PushRoom {
  readonly people: readonly MemberState[]
  readonly more: boolean
}

/** Who may be told about messages. */
export const pushQueries = (sources: Sources): Handlers => ({
  'push.recipients': async ({ rooms }) => {
    const read = await readPushRooms(sources, rooms)
    const told = withinPeople(read)
    const devices = await devicesOf(sources.collections, peopleOf(told))
    const fitting = withinBytes(told, devices)
    const reachable = peopleOf(fitting).filter((user) => devices.has(user))
    const unread = await unreadOf(sources.collections, reachable)
    const names = await namesOf(sources.collections, authorsOf(fitting, devices))
    return { pages: fitting.map((room) => (isRefusal(room) ? room : pageOf(room, { devices, unread, names }))) }
  },
})

type Found = {
  readonly devices: ReadonlyMap<string, Device[]>
  readonly unread: ReadonlyMap<string, ReadonlySet<string>>
  readonly names: ReadonlyMap<string, string>
}

function pageOf(
  { asked, state, large, people, more }: Told,
  { devices, unread, names }: Found,
): RecipientsPage | Refusal {
  if (state.kind === null) return refuse('not_found', { field: 'room' })
  const recipients = people.map(
    ({ user, role, read, read_n }): Recipient => ({
      user,
      role,
      read,
      read_n,
      muted: false,
      badge: badgeOf(unread.get(user), asked.room),
      devices: devices.get(user) ?? [],
    }),
  )
  const known = asked.authors.flatMap((user) => {
    const name = names.get(user)
    return name === undefined ? [] : [[user, name] as const]
  })
  const { title, kind, standing } = state
  return { title, kind, large, names: Object.fromEntries(known), recipients, more, ...(standing && { standing }) }
}

/** The room counts in any case, as the message that is told about is in it. */
const badgeOf = (unread: ReadonlySet<string> | undefined, room: string): number =>
  unread ? unread.size + (unread.has(room) ? 0 : 1) : 0

/** The rooms that the answer has place for, the first in any case, with a page of the people of each. */
function withinPeople(rooms: readonly (PushRoom | Refusal)[]): (Told | Refusal)[] {
  let count = 0
  const fitting: (Told | Refusal)[] = []
  for (const room of rooms) {
    if (isRefusal(room)) {
      fitting.push(room)
      continue
    }
    const page = room.members.slice(0, PAGE)
    count += page.length
    if (count > PEOPLE_MAX && fitting.length > 0) break
    fitting.push({ ...room, people: page, more: room.members.length > page.length })
  }
  return fitting
}

/** Of these the ones whose devices fit; of the first as many people as fit, one in any case. */
function withinBytes(rooms: readonly (Told | Refusal)[], devices: ReadonlyMap<string, Device[]>): (Told | Refusal)[] {
  const bytesOf = (user: string) => Buffer.byteLength(JSON.stringify(devices.get(user) ?? []))
  let bytes = 0
  const fitting: (Told | Refusal)[] = []
  for (const room of rooms) {
    if (isRefusal(room)) {
      fitting.push(room)
      continue
    }
    const people = room.people.filter(({ user }, i) => {
      bytes += bytesOf(user)
      return bytes <= DEVICE_BYTES_MAX || (i === 0 && fitting.length === 0)
    })
    const isCut = people.length < room.people.length
    if (isCut && fitting.length > 0) break
    fitting.push({ ...room, people, more: room.more || isCut })
  }
  return fitting
}

const peopleOf = (rooms: readonly (Told | Refusal)[]): string[] => [
  ...new Set(rooms.flatMap((room) => (isRefusal(room) ? [] : room.people.map(({ user }) => user)))),
]

/** Most messages are of rooms in which nobody has a device: nobody is named there. Webhooks of desks name who wrote. */
function authorsOf(rooms: readonly (Told | Refusal)[], devices: ReadonlyMap<string, Device[]>): string[] {
  return rooms.flatMap((room) => {
    if (isRefusal(room)) return []
    const isTold = room.state.standing !== null || room.people.some(({ user }) => devices.has(user))
    return isTold ? [...room.asked.authors] : []
  })
}

async function devicesOf({ devices }: Collections, users: readonly string[]): Promise<Map<string, Device[]>> {
  if (users.length === 0) return new Map()
  const found = await devices.find({ user: oneOf(users) }).toArray()
  const shown = found.map(
    ({ device, user, provider, target, registered_at }: DeviceDocument): Device => ({
      device,
      user,
      provider,
      target,
      registered_at,
    }),
  )
  return Map.groupBy(shown, ({ user }) => user)
}

/** The rooms in which each of these has something unread. */
async function unreadOf(
  { members, rooms }: Collections,
  users: readonly string[],
): Promise<Map<string, ReadonlySet<string>>> {
  if (users.length === 0) return new Map()
  const fields = { user: 1, room: 1, read_n: 1 } as const
  const theirs = await members.find({ user: oneOf(users), gone: false }, { projection: fields }).toArray()
  const ids = [...new Set(theirs.map(({ room }) => room))]
  const found = await rooms.find({ _id: oneOf(ids) }, { projection: { n: 1 } }).toArray()
  const messages = new Map(found.map(({ _id, n }) => [_id, n]))
  const unread = new Map(users.map((user) => [user, new Set<string>()]))
  for (const { user, room, read_n } of theirs) {
    if ((messages.get(room) ?? 0) > read_n) unread.get(user)?.add(room)
  }
  return unread
}
