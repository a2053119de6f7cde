import { readHead, readHeads } from '@switchboard/bus/log'
import type { LogEntry } from '@switchboard/bus/log-entry'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { RoomEvent } from '@switchboard/contracts/events'
import type { RecipientsAsk } from '@switchboard/contracts/push-queries'
import type { MemberState } from '@switchboard/contracts/queries'
import type { RoomState } from '@switchboard/domain/room'
import { createSlots } from '@switchboard/runtime/slots'
import { type MemberDocument, memberKey, type RoomDocument } from './documents.ts'
import { NOTHING_SAVED, TailTooLongError, tailTo } from './log-tail.ts'
import { concerned } from './member-page.ts'
import { type Collections, oneOf } from './mongo-connect.ts'
import { foldTail, type Sources } from './room-view.ts'

/** With more members than this a message is for the room, and only a mention is for a person. */
const LARGE_ROOM_MEMBERS = 100
const TAILS_AT_ONCE = 16

/** A room as of the messages asked about, or later. */
export interface PushRoom {
  readonly asked: RecipientsAsk
  /** Whole but for the members of a large room, who are only those that are mentioned. */
  readonly state: RoomState
  readonly large: boolean
  /** Who may be told, by user id, after the one that was asked for. */
  readonly members: readonly MemberState[]
}

type Documents = ReadonlyMap<string, RoomDocument>
type Tails = ReadonlyMap<string, readonly RoomEvent[] | Refusal>

/**
 * Many rooms at once, in the order asked: MongoDB is asked the same four questions for one room and for a hundred, and the log only
 * about rooms of which MongoDB does not have the message yet. Its members come before its log, so that nothing is missed between.
 */
export async function readPushRooms(
  { bus, collections }: Sources,
  asks: readonly RecipientsAsk[],
): Promise<(PushRoom | Refusal)[]> {
  const ids = [...new Set(asks.map(({ room }) => room))]
  const found = await collections.rooms.find({ _id: oneOf(ids) }, { batchSize: ids.length + 1 }).toArray()
  const documents: Documents = new Map(found.map((document) => [document._id, document]))
  const isLarge = (room: string) => (documents.get(room)?.members ?? 0) > LARGE_ROOM_MEMBERS
  const small = ids.filter((room) => !isLarge(room))
  const stored = await membersWith(collections, { room: oneOf(small), gone: false }, small.length * LARGE_ROOM_MEMBERS)
  const tails = await readTails(bus, asks, documents)
  const known = new Set(stored.map(({ _id }) => _id))
  const named = asks.flatMap((asked) => keysOf(asked, tails.get(asked.room), isLarge(asked.room)))
  const others = [...new Set(named)].filter((key) => !known.has(key))
  const extra = await membersWith(collections, { _id: oneOf(others) }, others.length)
  const members = Map.groupBy([...stored, ...extra], ({ room }) => room)
  return asks.map((asked) => {
    const tail = tails.get(asked.room) ?? []
    if (isRefusal(tail)) return tail
    const document = documents.get(asked.room) ?? null
    const state = foldTail(asked.room, { document, members: members.get(asked.room) ?? [] }, tail)
    const large = isLarge(asked.room) || state.members.size > LARGE_ROOM_MEMBERS
    return { asked, state, large, members: mayBeTold(asked, state, large) }
  })
}

function mayBeTold({ mentions, after = '' }: RecipientsAsk, { members }: RoomState, large: boolean): MemberState[] {
  const told = large ? [...new Set(mentions)].flatMap((user) => members.get(user) ?? []) : [...members.values()]
  return told.filter(({ user }) => user > after).sort((a, b) => (a.user < b.user ? -1 : 1))
}

/** Those that the fold must know besides the members of small rooms. */
function keysOf({ room, mentions }: RecipientsAsk, tail: readonly RoomEvent[] | Refusal | undefined, large: boolean) {
  const inTail = tail && !isRefusal(tail) ? tail.flatMap(concerned) : []
  return [...inTail, ...(large ? mentions : [])].map((user) => memberKey(room, user))
}

async function membersWith(
  { members }: Collections,
  filter: Parameters<Collections['members']['find']>[0],
  most: number,
): Promise<MemberDocument[]> {
  return most === 0 ? [] : members.find(filter, { batchSize: most + 1 }).toArray()
}

/** What the log has beyond MongoDB of the rooms whose messages are not stored yet. A room that is too far behind is refused alone. */
async function readTails(bus: Sources['bus'], asks: readonly RecipientsAsk[], documents: Documents): Promise<Tails> {
  const newest = new Map<string, number>()
  for (const { room, seq } of asks) newest.set(room, Math.max(seq, newest.get(room) ?? 0))
  const behind = [...newest].filter(([room, seq]) => (documents.get(room)?.head ?? 0) < seq)
  const heads = await readHeads(
    bus,
    'room',
    behind.map(([room]) => room),
  )
  const tails = new Map<string, readonly RoomEvent[] | Refusal>()
  const slots = createSlots(TAILS_AT_ONCE)
  const reads = behind.map(([room, seq]) =>
    slots(async () => {
      const saved = documents.get(room) ?? NOTHING_SAVED
      const entry = await headWith(bus, { room, seq, entry: heads.get(room) ?? null })
      tails.set(room, await tailOrRefusal(() => tailTo<RoomEvent>(bus, { kind: 'room', id: room }, { saved, entry })))
    }),
  )
  await Promise.all(reads)
  return tails
}

/** What a replica says may be older than the message that is asked about; what the leader says is not. */
async function headWith(
  bus: Sources['bus'],
  { room, seq, entry }: { room: string; seq: number; entry: LogEntry | null },
): Promise<LogEntry | null> {
  return entry && entry.range.last >= seq ? entry : readHead(bus, 'room', room)
}

async function tailOrRefusal(
  read: () => Promise<{ readonly events: readonly RoomEvent[] }>,
): Promise<readonly RoomEvent[] | Refusal> {
  try {
    return (await read()).events
  } catch (error) {
    if (error instanceof TailTooLongError) return refuse('unavailable')
    throw error
  }
}
