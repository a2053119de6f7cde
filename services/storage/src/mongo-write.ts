import { chunks } from '@switchboard/runtime/chunks'
import { type Collection, type Document, MongoBulkWriteError } from 'mongodb'
import type { Collections } from './mongo-connect.ts'
import { PoisonError, poisonOf } from './mongo-errors.ts'
import type { Update, Writes } from './writes.ts'

const DUPLICATE_KEY = 11_000
/** Rounds in which what a duplicate key held back is written again. Each takes at least one update off the list. */
const ROUNDS_MAX = 1_000

interface Keyed {
  readonly _id: string
}

/** The indexes that failed, if every failure was a key that is there already. @throws the error otherwise. */
function duplicates(error: unknown): number[] {
  if (!(error instanceof MongoBulkWriteError)) throw poisonOf(error)
  const failed = [error.writeErrors].flat()
  const other = failed.find(({ code }) => code !== DUPLICATE_KEY)
  if (other || failed.length === 0) throw poisonOf(other ?? error)
  return failed.map(({ index }) => index)
}

/**
 * Inserts; a document whose key is there already is the same document. @NOTE Some servers stop an unordered insert at its first
 * error, so what is not there then is sent once more.
 */
async function insertAll<T extends Keyed>(collection: Collection<T>, documents: readonly T[]): Promise<void> {
  let left = documents
  while (left.length > 0) {
    try {
      await collection.insertMany(left as never, { ordered: false })
      return
    } catch (error) {
      duplicates(error)
      const present = await presentOf(collection, left)
      const missing = left.filter(({ _id }) => !present.has(_id))
      if (missing.length === left.length) throw new PoisonError(`a key of ${left[0]?._id} is another document's`)
      left = missing
    }
  }
}

async function presentOf<T extends Keyed>(collection: Collection<T>, documents: readonly T[]): Promise<Set<string>> {
  const _id = { $in: documents.map((document) => document._id) }
  const found = await collection.find({ _id } as never, { projection: { _id: 1 } }).toArray()
  return new Set(found.map((document) => String(document._id)))
}

const operation = ({ filter, update, upsert }: Update) => ({
  updateOne: { filter, update: update as Document, upsert: upsert !== 'none' },
})

/**
 * Runs the updates in no order. A guarded one that meets its own key was superseded and is done; a plain one met another writer,
 * and is tried again. @NOTE Some servers stop an unordered bulk at its first error, so what is left is sent once more: it changes nothing twice.
 */
async function updateSome<T extends Keyed>(collection: Collection<T>, updates: readonly Update[]): Promise<void> {
  let left = updates
  for (let round = 0; left.length > 0; round += 1) {
    try {
      await collection.bulkWrite(left.map(operation) as never, { ordered: false })
      return
    } catch (error) {
      const failed = new Set(duplicates(error))
      if (round >= ROUNDS_MAX) throw error
      left = left.filter((update, i) => !failed.has(i) || update.upsert === 'plain')
    }
  }
}

interface MemberCount {
  readonly members: number
  /** seq of the event that made counting necessary. */
  readonly counted: number
}

function withCount({ filter, update, upsert }: Update, count: MemberCount | undefined): Update {
  if (!count) return { filter, update, upsert }
  const { members: _members, counted: _counted, ...atBirth } = update.$setOnInsert ?? {}
  const $set = { ...update.$set, ...count }
  // Older servers refuse an operator that sets nothing.
  return { filter, update: Object.keys(atBirth).length > 0 ? { $set, $setOnInsert: atBirth } : { $set }, upsert }
}

/** Writes a batch. May be repeated and may race with another writer: see `Writes`. @throws PoisonError for what can never be written, the driver's errors for the rest. */
export async function applyWrites(
  { collections, updatesAtOnce }: { collections: Collections; updatesAtOnce: number },
  writes: Writes,
): Promise<void> {
  const { events, user_events, rooms, members, memberships, users, positions } = collections
  const { desk_events, desk_agents, desks, conversations } = collections
  const updateAll = async <T extends Keyed>(collection: Collection<T>, updates: readonly Update[]) => {
    for (const part of chunks(updates, updatesAtOnce)) await updateSome(collection, part)
  }
  await Promise.all([
    insertAll(events, writes.events),
    insertAll(user_events, writes.userEvents),
    insertAll(desk_events, writes.deskEvents),
    updateAll(members, writes.members),
    updateAll(memberships, writes.memberships),
    updateAll(desk_agents, writes.deskAgents),
    updateAll(conversations, writes.conversations),
  ])
  await Promise.all([updateAll(events, writes.changes), updateAll(members, writes.marks)])
  await updateAll(desk_agents, writes.served)
  for (const part of chunks(writes.redactions, updatesAtOnce)) await redact(events, part)
  const counts = await countMembers(members, writes.counts)
  // The count goes in with the head that it belongs to, so that nobody reads the one without the other.
  const counted = writes.rooms.map((update) => withCount(update, counts.get(update.filter._id)))
  await Promise.all([updateAll(rooms, counted), updateAll(users, writes.users), updateAll(desks, writes.desks)])
  await updateAll(rooms, writes.lasts)
  // Where another writer had moved the head already, the later of the two counts stays.
  const late = [...counts].map(
    ([room, count]): Update => ({
      filter: { _id: room, counted: { $lt: count.counted } },
      update: { $set: { ...count } },
      upsert: 'none',
    }),
  )
  await updateAll(rooms, late)
  await updateAll(positions, writes.positions)
}

/** The texts of edits go with the message that they changed. */
async function redact(events: Collections['events'], redactions: Writes['redactions']): Promise<void> {
  const operations = redactions.map(({ room, target }) => ({
    updateMany: {
      filter: { room, type: 'message.edited' as const, target },
      update: { $unset: { text: '' as const } },
    },
  }))
  await events.bulkWrite(operations, { ordered: false })
}

/**
 * The members of all these rooms in one question. @NOTE A question for each was a round trip for each: hundreds of agents who came
 * into conversations made a batch of milliseconds one of ten seconds.
 */
async function countMembers(
  members: Collections['members'],
  rooms: Writes['counts'],
): Promise<Map<string, MemberCount>> {
  if (rooms.length === 0) return new Map()
  const stages = [
    { $match: { room: { $in: rooms.map(({ room }) => room) }, gone: false } },
    { $group: { _id: '$room', members: { $sum: 1 } } },
  ]
  const found = await members
    .aggregate<{ _id: string; members: number }>(stages, { batchSize: rooms.length + 1 })
    .toArray()
  const present = new Map(found.map(({ _id, members }) => [_id, members]))
  return new Map(rooms.map(({ room, at }) => [room, { members: present.get(room) ?? 0, counted: at }]))
}
