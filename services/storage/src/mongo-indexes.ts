import { type Db, type IndexDirection, MongoServerError } from 'mongodb'
import type { CollectionName } from './mongo-connect.ts'
import { TooOldError } from './mongo-errors.ts'

interface IndexRow {
  readonly collection: CollectionName
  readonly keys: Readonly<Record<string, IndexDirection>>
  readonly unique?: true
  /** Only documents that have this field. */
  readonly onlyWith?: string
  readonly why: string
}

/** Every index. @NOTE No unique one besides those that start with the shard key `{room, seq}` on `events`: a sharded cluster has no others. */
export const INDEXES: readonly IndexRow[] = [
  { collection: 'events', keys: { room: 1, seq: 1 }, unique: true, why: 'history by range; the shard key' },
  { collection: 'events', keys: { room: 1, from: 1, cid: 1 }, why: 'a command that comes again (G3)' },
  {
    collection: 'events',
    keys: { room: 1, target: 1 },
    onlyWith: 'target',
    why: 'texts of edits, when their message goes',
  },
  { collection: 'events', keys: { text: 'text' }, why: 'search' },
  { collection: 'user_events', keys: { user: 1, seq: 1 }, unique: true, why: 'recovery of a person’s own channel' },
  { collection: 'user_events', keys: { user: 1, from: 1, cid: 1 }, why: 'an effect that comes again' },
  { collection: 'desk_events', keys: { desk: 1, seq: 1 }, unique: true, why: 'recovery of a desk’s channel' },
  { collection: 'desk_events', keys: { desk: 1, from: 1, cid: 1 }, why: 'a command to a desk that comes again' },
  { collection: 'desk_agents', keys: { desk: 1, gone: 1 }, why: 'the agents of a desk' },
  { collection: 'conversations', keys: { desk: 1, live: 1, _id: 1 }, why: 'what a desk has to do, page by page' },
  { collection: 'desk_agents', keys: { user: 1, gone: 1 }, why: 'the desks of an agent' },
  { collection: 'conversations', keys: { desk: 1, entered_at: -1 }, why: 'what was at a desk, and its reports' },
  { collection: 'conversations', keys: { visitor: 1, entered_at: -1 }, why: 'earlier conversations of a person' },
  { collection: 'replies', keys: { desk: 1 }, why: 'the replies of a desk' },
  { collection: 'webhooks', keys: { desk: 1 }, why: 'the webhooks of a desk' },
  { collection: 'members', keys: { room: 1, gone: 1, user: 1 }, why: 'pages of members' },
  { collection: 'members', keys: { user: 1, gone: 1 }, why: 'badges' },
  { collection: 'memberships', keys: { user: 1, gone: 1 }, why: 'the rooms of a person' },
  { collection: 'devices', keys: { address: 1 }, unique: true, why: 'a device is registered for one person at a time' },
  { collection: 'devices', keys: { user: 1 }, why: 'whom to push to' },
]

/** What this server can do. */
export interface Abilities {
  readonly textSearch: boolean
  /** Updates of one command. */
  readonly updatesAtOnce: number
}

const UPDATES_AT_ONCE = 1_000
/** FerretDB v1 holds a connection of its pool of 100 for every update of a command until all are done: many at once stand still for ever. */
const UPDATES_AT_ONCE_FERRETDB_1 = 5

/** Until the server has said more. */
export const LEAST: Abilities = { textSearch: false, updatesAtOnce: UPDATES_AT_ONCE_FERRETDB_1 }

export interface Refused {
  readonly index: string
  readonly reason: string
}

const isText = ({ keys }: IndexRow): boolean => Object.values(keys).includes('text')

async function create(db: Db, row: IndexRow): Promise<void> {
  const unique = row.unique ? { unique: true } : {}
  const language = isText(row) ? { default_language: 'none' } : {}
  const partial = row.onlyWith ? { partialFilterExpression: { [row.onlyWith]: { $exists: true } } } : {}
  await db.collection(row.collection).createIndex(row.keys, { ...unique, ...language, ...partial })
}

const OLDEST_MAJOR = 6

/** @throws TooOldError for a MongoDB that lacks what we use; the stand-ins call themselves what they stand in for. */
export function checkAge(build: { readonly version?: string }): void {
  const { version = '' } = build
  if (Number(version.split('.')[0]) < OLDEST_MAJOR)
    throw new TooOldError(`it is ${version}, and ${OLDEST_MAJOR}.0 or newer is needed`)
}

/**
 * Makes every index that is not there, and finds out what the server can do. What the server refuses is told to `refused`, and then the service works without: slower,
 * never wrong. @throws when the server is away.
 */
export async function ensureIndexes(db: Db, refused: (index: Refused) => void): Promise<Abilities> {
  const build = await db.command({ buildInfo: 1 })
  checkAge(build)
  const updatesAtOnce = 'ferretdbVersion' in build ? UPDATES_AT_ONCE_FERRETDB_1 : UPDATES_AT_ONCE
  let textSearch = true
  for (const row of INDEXES) {
    try {
      await create(db, row)
    } catch (error) {
      // An answer of the server is a refusal; everything else means that it is away.
      if (!(error instanceof MongoServerError) || isTransient(error)) throw error
      if (isText(row)) textSearch = false
      refused({ index: `${row.collection} ${JSON.stringify(row.keys)} (${row.why})`, reason: error.message })
    }
  }
  return { textSearch, updatesAtOnce }
}

/** Answers that say nothing about the index and that another attempt may not get: no right to ask, no primary, shutting down, interrupted. */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([
  6, 7, 13, 18, 89, 91, 112, 134, 189, 262, 317, 358, 384, 9001, 10107, 11600, 11602, 13435, 13436,
])

export const isTransient = (error: MongoServerError): boolean =>
  TRANSIENT_CODES.has(Number(error.code)) || error.hasErrorLabel('RetryableWriteError')
