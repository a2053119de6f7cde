import { type Bus, connectBus } from '@switchboard/bus/connect'
import { readHead, readTail } from '@switchboard/bus/log'
import { decodeEntry } from '@switchboard/contracts/entry'
import type { Logger } from '@switchboard/runtime/context'
import type { EventSeen } from '@switchboard/testkit/history/records'
import type { DeskEventSeen } from '@switchboard/testkit/history/records-desk'
import { type Db, MongoClient } from 'mongodb'
import { askApi } from './accounts.ts'
import { deskEventSeen } from './desk-operations.ts'
import { eventSeen } from './operations.ts'

const PAGE = 200
const MONGO_MS_MAX = 15_000
const say = (): void => {}
/** What these connections have to say about themselves interests nobody. */
const SILENT = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say } as unknown as Logger

export interface Place {
  /** The common address of all edges. */
  readonly url: string
  /** Around all proxies. */
  readonly natsUrls: readonly string[]
  readonly mongoUrl: string
  readonly namespace: string
  readonly database: string
}

/** The log and MongoDB, read without any service of ours. */
export interface Sources extends AsyncDisposable {
  /** seq of the last event in the log. */
  logHead(room: string): Promise<number>
  /** seq of the last event in MongoDB. */
  storedHead(room: string): Promise<number>
  log(room: string): Promise<EventSeen[]>
  stored(room: string): Promise<EventSeen[]>
  /** Every room that MongoDB knows, also those whose making was never acknowledged. */
  storedRooms(): Promise<string[]>
  /** All events of a desk. */
  deskLog(desk: string): Promise<DeskEventSeen[]>
  /** Those after a seq; all when it is left out. */
  deskStored(desk: string, after?: number): Promise<DeskEventSeen[]>
}

export async function openSources({ natsUrls, mongoUrl, namespace, database }: Place): Promise<Sources> {
  await using stack = new AsyncDisposableStack()
  const options = { url: natsUrls.join(','), namespace, service: 'final-reads', replicas: natsUrls.length, log: SILENT }
  const bus = stack.use(await connectBus(options))
  const mongo = new MongoClient(mongoUrl, { serverSelectionTimeoutMS: MONGO_MS_MAX })
  stack.defer(() => mongo.close())
  const database_ = mongo.db(database)
  const owned = stack.move()
  return {
    logHead: async (room) => (await readHead(bus, 'room', room))?.range.last ?? 0,
    storedHead: async (room) => {
      const last = await eventsOf(database_).find({ room }).sort({ seq: -1 }).limit(1).toArray()
      return last[0]?.seq ?? 0
    },
    log: async (room) => (await readEntity(bus, { kind: 'room', id: room })).map(eventSeen),
    stored: async (room) => (await eventsOf(database_).find({ room }).sort({ seq: 1 }).toArray()).map(eventSeen),
    storedRooms: async () =>
      (await database_.collection<{ _id: string }>('rooms').find().toArray()).map(({ _id }) => _id),
    deskLog: async (desk) => (await readEntity(bus, { kind: 'desk', id: desk })).map(deskEventSeen),
    deskStored: async (desk, after = 0) => {
      const found = database_.collection('desk_events').find({ desk, seq: { $gt: after } })
      return (await found.sort({ seq: 1 }).toArray()).map(deskEventSeen)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

const eventsOf = (database: Db) => database.collection<{ _id: string; room: string; seq: number }>('events')

async function readEntity(bus: Bus, entity: { kind: 'room' | 'desk'; id: string }): Promise<unknown[]> {
  const head = await readHead(bus, entity.kind, entity.id)
  if (!head) return []
  const entries = await readTail(bus, entity, { after: 0, upTo: head.logSeq })
  return entries.flatMap(({ payload }) => decodeEntry(payload))
}

/** All pages over HTTP, as somebody who was never there before. Null if this person may not read the room. */
export async function readApi(url: string, token: string, room: string): Promise<EventSeen[] | null> {
  const events: EventSeen[] = []
  for (;;) {
    const path = `/v1/rooms/${room}/events?after_seq=${events.at(-1)?.seq ?? 0}&limit=${PAGE}`
    const { status, body } = await askApi(url, { path, token })
    if (status === 403 || status === 404) return null
    if (status !== 200) throw new Error(`the history of ${room} was answered with ${status} ${JSON.stringify(body)}`)
    events.push(...(body.events as unknown[]).map(eventSeen))
    if (body.more !== true) return events
  }
}
