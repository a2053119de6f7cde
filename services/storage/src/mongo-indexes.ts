import { type Db, type IndexDirection, MongoServerError } from 'mongodb'
import type { CollectionName } from './mongo-connect.ts'

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
  { collection: 'members', keys: { room: 1, gone: 1, user: 1 }, why: 'pages of members' },
  { collection: 'members', keys: { user: 1, gone: 1 }, why: 'badges' },
  { collection: 'memberships', keys: { user: 1, gone: 1 }, why: 'the rooms of a person' },
  { collection: 'devices', keys: { address: 1 }, unique: true, why: 'a device is registered for one person at a time' },
  { collection: 'devices', keys: { user: 1 }, why: 'whom to push to' },
]

/** What this server can do beyond the least. */
export interface Abilities {
  readonly textSearch: boolean
}

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

/**
 * Makes every index that is not there. What the server refuses is told to `refused`, and then the service works without: slower,
 * never wrong. @throws when the server is away.
 */
export async function ensureIndexes(db: Db, refused: (index: Refused) => void): Promise<Abilities> {
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
  return { textSearch }
}

/** Answers that say nothing about the index and that another attempt may not get: no right to ask, no primary, shutting down, interrupted. */
const TRANSIENT_CODES: ReadonlySet<number> = new Set([
  6, 7, 13, 18, 89, 91, 112, 134, 189, 262, 317, 358, 384, 9001, 10107, 11600, 11602, 13435, 13436,
])

export const isTransient = (error: MongoServerError): boolean =>
  TRANSIENT_CODES.has(Number(error.code)) || error.hasErrorLabel('RetryableWriteError')
