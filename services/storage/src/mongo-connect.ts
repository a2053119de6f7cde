import { type Collection, type Db, MongoClient } from 'mongodb'
import type {
  ConversationDocument,
  DeskAgentDocument,
  DeskDocument,
  DeskEventDocument,
  DeviceDocument,
  EventDocument,
  MemberDocument,
  MembershipDocument,
  PositionDocument,
  ReplyDocument,
  RoomDocument,
  UserDocument,
  UserEventDocument,
  WebhookDocument,
} from './documents.ts'

/** Every collection, by name. */
export interface Collections {
  readonly events: Collection<EventDocument>
  readonly user_events: Collection<UserEventDocument>
  readonly rooms: Collection<RoomDocument>
  readonly members: Collection<MemberDocument>
  readonly memberships: Collection<MembershipDocument>
  readonly users: Collection<UserDocument>
  readonly desk_events: Collection<DeskEventDocument>
  readonly desks: Collection<DeskDocument>
  readonly desk_agents: Collection<DeskAgentDocument>
  readonly conversations: Collection<ConversationDocument>
  readonly replies: Collection<ReplyDocument>
  readonly devices: Collection<DeviceDocument>
  readonly webhooks: Collection<WebhookDocument>
  readonly positions: Collection<PositionDocument>
}
export type CollectionName = keyof Collections

export interface Mongo extends AsyncDisposable {
  /**
   * To be awaited before anything else, and again after it has thrown. @NOTE The driver connects by itself too, but once that has
   * failed it never tries again.
   */
  connect(): Promise<void>
  readonly db: Db
  readonly collections: Collections
}

/** Below the deadline of a query, so that whoever asks hears "away" and not nothing. */
const SELECTION_MS_MAX = 3_000
const SOCKET_MS_MAX = 30_000

/** Between two looks of the driver at its pool: there is no least size to keep, and what has ended is found when it is to be used. */
const POOL_LOOK_MS = 60_000

/** Once connected, the driver finds a server that was away again by itself. */
export function connectMongo(url: string, database: string): Mongo {
  const client = new MongoClient(url, {
    appName: 'switchboard-storage',
    writeConcern: { w: 'majority' },
    readConcern: { level: 'majority' },
    // `{room: undefined}` must stay a query for what has no room, never become one for everything.
    ignoreUndefined: false,
    serverSelectionTimeoutMS: SELECTION_MS_MAX,
    connectTimeoutMS: SELECTION_MS_MAX,
    socketTimeoutMS: SOCKET_MS_MAX,
    maxPoolSize: 50,
    waitQueueTimeoutMS: SELECTION_MS_MAX,
  })
  // It looks ten times a second, and has no documented setting for it: where this name is gone, a quiet storage only rests less.
  Object.assign(client.options, { minPoolSizeCheckFrequencyMS: POOL_LOOK_MS })
  const db = client.db(database)
  const collections: Collections = {
    events: db.collection('events'),
    user_events: db.collection('user_events'),
    rooms: db.collection('rooms'),
    members: db.collection('members'),
    memberships: db.collection('memberships'),
    users: db.collection('users'),
    desk_events: db.collection('desk_events'),
    desks: db.collection('desks'),
    desk_agents: db.collection('desk_agents'),
    conversations: db.collection('conversations'),
    replies: db.collection('replies'),
    devices: db.collection('devices'),
    webhooks: db.collection('webhooks'),
    positions: db.collection('positions'),
  }
  const connect = async () => {
    await client.connect()
  }
  return { connect, db, collections, [Symbol.asyncDispose]: () => client.close() }
}

/** A string from outside as a condition. No object, and so no operator, gets through. @throws on a bug: it was validated long before. */
export function exactly(value: string): string {
  if (typeof value !== 'string') throw new TypeError('a key that is no string')
  return value
}

/** The same for many. */
export const oneOf = (values: readonly string[]): { $in: string[] } => ({ $in: values.map(exactly) })
