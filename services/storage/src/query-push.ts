import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import type { MemberState, Recipient } from '@switchboard/contracts/queries'
import type { Device } from '@switchboard/contracts/records'
import type { DeviceDocument } from './documents.ts'
import { pageMembers } from './member-page.ts'
import { oneOf } from './mongo-connect.ts'
import { namesOf } from './names-of.ts'
import type { Sources } from './room-view.ts'

type Handlers = Pick<StorageHandlers, 'push.recipients'>

/** Members of one answer. Each may have 25 devices of 4 KB; usually it is one or two of 200 bytes. */
const PAGE = 100
/** Devices of one answer come to at most this much: past it the answer ends early. */
const DEVICE_BYTES_MAX = 800_000

/** Who may be told about a message. */
export const pushQueries = (sources: Sources): Handlers => ({
  'push.recipients': async ({ room, except, after }) => {
    const page = await pageMembers(sources, room, { after, limit: PAGE })
    const { kind, title } = page.view.state
    if (kind === null) return refuse('not_found', { field: 'room' })
    const others = page.members.filter(({ user }) => user !== except)
    const devices = await devicesOf(sources, others)
    const { fitting, isCut } = fit(others, devices)
    const reachable = fitting.filter(({ user }) => devices.has(user)).map(({ user }) => user)
    const badges = await badgesOf(sources, reachable, room)
    const { standing } = page.view.state
    // Most messages are of rooms in which nobody has a device, and are asked about all the same; webhooks of desks name who wrote.
    const isTold = reachable.length > 0 || standing !== null
    const names = await namesOf(sources.collections, isTold ? [except] : [])
    const recipients = fitting.map(
      ({ user, role, read, read_n }): Recipient => ({
        user,
        role,
        read,
        read_n,
        muted: false,
        badge: badges.get(user) ?? 0,
        devices: devices.get(user) ?? [],
      }),
    )
    const of = standing ? { standing } : {}
    return { title, kind, ...of, from_name: names.get(except) ?? except, recipients, more: page.more || isCut }
  },
})

async function devicesOf({ collections }: Sources, members: readonly MemberState[]): Promise<Map<string, Device[]>> {
  const found = await collections.devices.find({ user: oneOf(members.map(({ user }) => user)) }).toArray()
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

function fit(members: readonly MemberState[], devices: ReadonlyMap<string, Device[]>) {
  let bytes = 0
  const fitting = members.filter(({ user }, i) => {
    bytes += Buffer.byteLength(JSON.stringify(devices.get(user) ?? []))
    return i === 0 || bytes <= DEVICE_BYTES_MAX
  })
  return { fitting, isCut: fitting.length < members.length }
}

/** Rooms with something unread, by user; `room` counts in any case, as the message that is told about is in it. */
async function badgesOf(
  { collections }: Sources,
  users: readonly string[],
  room: string,
): Promise<Map<string, number>> {
  if (users.length === 0) return new Map()
  const fields = { user: 1, room: 1, read_n: 1 } as const
  const members = await collections.members.find({ user: oneOf(users), gone: false }, { projection: fields }).toArray()
  const ids = [...new Set(members.map((member) => member.room))].filter((each) => each !== room)
  const rooms = await collections.rooms.find({ _id: oneOf(ids) }, { projection: { n: 1 } }).toArray()
  const messages = new Map(rooms.map(({ _id, n }) => [_id, n]))
  const badges = new Map(users.map((user) => [user, 1]))
  for (const member of members) {
    const isUnread = (messages.get(member.room) ?? 0) > member.read_n
    if (isUnread) badges.set(member.user, (badges.get(member.user) ?? 1) + 1)
  }
  return badges
}
