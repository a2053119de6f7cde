import type { UsedCid } from '@switchboard/contracts/queries'
import type { EntityRef } from '@switchboard/contracts/records'
import { type Collections, exactly } from './mongo-connect.ts'
import type { Sources } from './room-view.ts'
import { CIDS_MAX } from './used-cids.ts'

const CID_FIELDS = { _id: 0, from: 1, cid: 1, seq: 1, at: 1, intent: 1 } as const

/** Where the events of an entity lie, and how they name it. What counts of a cid is the same in all of them. */
function eventsOf({ collections }: Sources, { kind, id }: EntityRef) {
  const { events, user_events, desk_events } = collections
  const collection = { room: events, user: user_events, desk: desk_events }[kind]
  return { collection: collection as unknown as Collections['events'], owner: { [kind]: exactly(id) } }
}

/** Those of the newest events that are stored, ascending. */
export async function recentCids(sources: Sources, entity: EntityRef & { readonly head: number }): Promise<UsedCid[]> {
  const { collection, owner } = eventsOf(sources, entity)
  const seq = { $gt: entity.head - CIDS_MAX, $lte: entity.head }
  const options = { projection: CID_FIELDS, batchSize: CIDS_MAX + 1 } as const
  const found = await collection.find({ ...owner, seq }, options).toArray()
  return (found as unknown as UsedCid[]).sort((a, b) => a.seq - b.seq)
}

/** What is stored of these. */
export async function storedCids(
  sources: Sources,
  { lookups, ...entity }: EntityRef & { readonly lookups: readonly { from: string; cid: string }[] },
): Promise<UsedCid[]> {
  const { collection, owner } = eventsOf(sources, entity)
  const byAuthor = [...Map.groupBy(lookups, ({ from }) => from)]
  const $or = byAuthor.map(([from, group]) => ({
    from: exactly(from),
    cid: { $in: group.map(({ cid }) => exactly(cid)) },
  }))
  const found = await collection.find({ ...owner, $or }, { projection: CID_FIELDS }).toArray()
  return found as unknown as UsedCid[]
}
