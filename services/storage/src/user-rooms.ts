import { readHeads } from '@switchboard/bus/log'
import type { LogEntry } from '@switchboard/bus/log-entry'
import type { RoomEvent, UserEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import type { UserRooms } from '@switchboard/contracts/queries'
import { chunks } from '@switchboard/runtime/chunks'
import { type MemberDocument, memberKey, type RoomDocument } from './documents.ts'
import { NOTHING_SAVED, tailTo } from './log-tail.ts'
import { oneOf } from './mongo-connect.ts'
import { type Belonging, roomEntry } from './room-entry.ts'
import type { Sources } from './room-view.ts'

/** Keys of one `$in`. */
const KEYS_MAX = 1_000
/** An answer in one piece instead of a hundred documents at a time. */
const WHOLE = { batchSize: KEYS_MAX + 1 } as const
/** Rooms of one answer whose unsaved events are read. Usually there are a few: storage is some fifty milliseconds behind. */
const TAILS_MAX = 200
const TAILS_AT_ONCE = 16

/** The rooms of one person, up to the head of their own log. */
export interface Belongings {
  readonly user: string
  readonly head: number
  readonly rooms: readonly Belonging[]
}

async function findAll<T>(keys: readonly string[], find: (part: string[]) => Promise<T[]>): Promise<T[]> {
  return (await Promise.all(chunks(keys, KEYS_MAX).map(find))).flat()
}

/** Runs `work` for every item, a few at a time. */
async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items]
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(TAILS_AT_ONCE, items.length) }, worker))
}

/** Whose rooms are asked for, and up to which event of their own log at least; without a head, up to its end. */
export interface Asked {
  readonly user: string
  readonly head?: number | undefined
}

/** Which rooms these people are in: MongoDB, and what their own logs have beyond it. */
export async function belongingsOf({ bus, collections }: Sources, asked: readonly Asked[]): Promise<Belongings[]> {
  const users = asked.map(({ user }) => user)
  const documents = await findAll(users, (part) => collections.users.find({ _id: oneOf(part) }, WHOLE).toArray())
  const stored = await findAll(users, (part) =>
    collections.memberships.find({ user: oneOf(part), gone: false }, WHOLE).toArray(),
  )
  const savedOf = new Map(documents.map((document) => [document._id, document]))
  const isStored = ({ user, head }: Asked) => head !== undefined && head <= (savedOf.get(user)?.head ?? 0)
  const unsure = asked.filter((each) => !isStored(each)).map(({ user }) => user)
  const heads = unsure.length === 0 ? new Map<string, LogEntry>() : await readHeads(bus, 'user', unsure)
  const lists = new Map<string, Belongings>()
  await eachOf(users, async (user) => {
    const saved = savedOf.get(user) ?? NOTHING_SAVED
    const { events } = await tailTo<UserEvent>(
      bus,
      { kind: 'user', id: user },
      { saved, entry: heads.get(user) ?? null },
    )
    const rooms = new Map<string, Belonging>(
      stored.filter((each) => each.user === user).map((each) => [each.room, each]),
    )
    for (const event of events) {
      if (event.type !== 'room.added' && event.type !== 'room.removed') continue
      const { room, room_seq, at } = event
      if (event.type === 'room.removed') rooms.delete(room)
      else rooms.set(room, { room, room_seq, at, kind: event.kind, title: event.title ?? null })
    }
    lists.set(user, { user, head: events.at(-1)?.seq ?? saved.head, rooms: [...rooms.values()] })
  })
  return users.map((user) => lists.get(user) ?? { user, head: 0, rooms: [] })
}

/** Rooms in MongoDB with the unsaved events of those that the log has more of. A room that is far behind stands as it is stored. */
export async function roomsWithTails({ bus, collections }: Sources, rooms: readonly string[]) {
  const found = await findAll(rooms, (part) => collections.rooms.find({ _id: oneOf(part) }, WHOLE).toArray())
  const documents = new Map<string, RoomDocument>(found.map((document) => [document._id, document]))
  const heads = await readHeads(bus, 'room', rooms)
  const isBehind = (room: string) => (heads.get(room)?.range.last ?? 0) > (documents.get(room)?.head ?? 0)
  const tails = new Map<string, readonly RoomEvent[]>()
  await eachOf(rooms.filter(isBehind).slice(0, TAILS_MAX), async (room) => {
    const saved = documents.get(room) ?? NOTHING_SAVED
    const { events } = await tailTo<RoomEvent>(
      bus,
      { kind: 'room', id: room },
      { saved, entry: heads.get(room) ?? null },
    )
    if (events.at(0)?.seq === saved.head + 1) tails.set(room, events)
  })
  return { documents, tails }
}

/** The room lists of many people, the most recent first, complete up to the heads of their own logs. */
export async function listRooms(sources: Sources, asked: readonly Asked[]): Promise<UserRooms[]> {
  const lists = await belongingsOf(sources, asked)
  const rooms = [...new Set(lists.flatMap((list) => list.rooms.map(({ room }) => room)))]
  const { documents, tails } = await roomsWithTails(sources, rooms)
  // After the heads, as members are stored before them: who is missing now is none, up to the head that was read.
  const keys = lists.flatMap(({ user, rooms }) => rooms.map(({ room }) => memberKey(room, user)))
  const found = await findAll(keys, (part) => sources.collections.members.find({ _id: oneOf(part) }, WHOLE).toArray())
  const members = new Map<string, MemberDocument>(found.map((member) => [member._id, member]))
  return lists.map(({ user, head, rooms: belongings }) => {
    const entries = belongings.flatMap((belonging) => {
      const { room } = belonging
      const member = members.get(memberKey(room, user)) ?? null
      const document = documents.get(room) ?? null
      return roomEntry({ user, belonging, document, member, tail: tails.get(room) ?? [] }) ?? []
    })
    return { user, head, rooms: entries.sort((a, b) => b.at - a.at).slice(0, MAX.listPage) }
  })
}

/** As many lists as fit into an answer, at least one; a list that alone is too long loses its oldest rooms. */
export function fitLists(lists: readonly UserRooms[], bytesMax: number): UserRooms[] {
  const fitting: UserRooms[] = []
  let bytes = 0
  for (const list of lists) {
    const size = Buffer.byteLength(JSON.stringify(list))
    if (fitting.length > 0 && bytes + size > bytesMax) break
    fitting.push(size > bytesMax ? shortenList(list, bytesMax) : list)
    bytes += size
  }
  return fitting
}

function shortenList(list: UserRooms, bytesMax: number): UserRooms {
  let bytes = 0
  const rooms = list.rooms.filter((entry) => {
    bytes += Buffer.byteLength(JSON.stringify(entry)) + 1
    return bytes < bytesMax - 200
  })
  return { ...list, rooms }
}
