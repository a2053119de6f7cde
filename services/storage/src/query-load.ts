import type { StorageHandlers } from '@switchboard/bus/ask'
import type { LogEntry } from '@switchboard/bus/log-entry'
import type { RoomEvent, UserEvent } from '@switchboard/contracts/events'
import type { UsedCid } from '@switchboard/contracts/queries'
import { changeDocument, roomEventDocument, targetOf } from './event-document.ts'
import { NOTHING_SAVED, tailOf } from './log-tail.ts'
import { exactly } from './mongo-connect.ts'
import { type Sources, viewRoom } from './room-view.ts'
import { CIDS_MAX, cidsOf, usedBy } from './used-cids.ts'

type Handlers = Pick<StorageHandlers, 'room.load' | 'user.load' | 'cids.find' | 'messages.facts'>

const CID_FIELDS = { _id: 0, from: 1, cid: 1, seq: 1, at: 1, intent: 1 } as const

/** What the router's lanes are loaded from. */
export const loadQueries = (sources: Sources): Handlers => ({
  'room.load': async ({ room }) => {
    const view = await viewRoom(sources, room, 'all')
    const { state, tail, saved, document } = view
    const recent = saved === 0 ? [] : await recentCids(sources, { entity: 'room', id: room, head: saved })
    return {
      room,
      kind: state.kind,
      title: state.title,
      head: state.head,
      n: state.n,
      members: [...state.members.values()],
      ...fence(view.entry),
      ...cidsOf(recent, tail, { head: saved, at: document?.at ?? 0 }),
    }
  },
  'user.load': async ({ user }) => {
    const { document, tail, entry, head } = await viewUser(sources, user)
    const saved = document?.head ?? 0
    const recent = saved === 0 ? [] : await recentCids(sources, { entity: 'user', id: user, head: saved })
    return { user, head, ...fence(entry), ...cidsOf(recent, tail, { head: saved, at: document?.at ?? 0 }) }
  },
  'cids.find': async ({ entity, id, lookups }) => {
    if (lookups.length === 0) return { used: [] }
    const tail = await unsaved(sources, entity, id)
    const wanted = new Set(lookups.map(({ from, cid }) => `${from} ${cid}`))
    const stored = await findCids(sources, { entity, id, lookups })
    const inTail = tail.filter(({ from, cid }) => wanted.has(`${from} ${cid}`)).map(usedBy)
    return { used: [...stored, ...inTail.filter(({ seq }) => !stored.some((used) => used.seq === seq))] }
  },
  'messages.facts': async ({ room, seqs }) => {
    const { tail } = await viewRoom(sources, room, [])
    const asked = seqs.map((seq) => sources.collections.events.findOne({ _id: exactly(`${room}:${seq}`) }))
    const stored = (await Promise.all(asked)).filter((document) => document !== null)
    const documents = new Map(stored.map((document) => [document.seq, document]))
    for (const event of tail) {
      if (seqs.includes(event.seq)) documents.set(event.seq, roomEventDocument(room, event))
      const target = documents.get(targetOf(event) ?? 0)
      if (target) documents.set(target.seq, changeDocument(target, event))
    }
    const facts = [...documents.values()].map(({ seq, from, n, type, deleted }) => ({
      seq,
      from,
      n,
      message: type === 'message',
      deleted: deleted === true,
    }))
    return { facts }
  },
})

/** What the next publish of an entity must expect, and the commands that were applied. */
const fence = (entry: LogEntry | null) => ({
  log_seq: entry?.logSeq ?? 0,
  incarnation: entry?.input.incarnation ?? null,
  input: entry?.input.input ?? 0,
})

/** A person's entity as of its log's head. MongoDB comes first and the log second. */
export async function viewUser({ bus, collections }: Sources, user: string) {
  const document = await collections.users.findOne({ _id: exactly(user) })
  const saved = document ?? NOTHING_SAVED
  const { entry, events: tail } = await tailOf<UserEvent>(bus, { kind: 'user', id: user }, saved)
  return { document, tail, entry, head: tail.at(-1)?.seq ?? saved.head }
}

interface EntityRef {
  readonly entity: 'room' | 'user'
  readonly id: string
}

async function recentCids({ collections }: Sources, { entity, id, head }: EntityRef & { head: number }) {
  const seq = { $gt: head - CIDS_MAX, $lte: head }
  const options = { projection: CID_FIELDS, batchSize: CIDS_MAX + 1 } as const
  const found =
    entity === 'room'
      ? await collections.events.find({ room: exactly(id), seq }, options).toArray()
      : await collections.user_events.find({ user: exactly(id), seq }, options).toArray()
  return (found as unknown as UsedCid[]).sort((a, b) => a.seq - b.seq)
}

async function unsaved(
  sources: Sources,
  entity: 'room' | 'user',
  id: string,
): Promise<readonly (RoomEvent | UserEvent)[]> {
  return entity === 'room' ? (await viewRoom(sources, id, [])).tail : (await viewUser(sources, id)).tail
}

async function findCids(
  { collections }: Sources,
  { entity, id, lookups }: EntityRef & { lookups: readonly { from: string; cid: string }[] },
): Promise<UsedCid[]> {
  const byAuthor = [...Map.groupBy(lookups, ({ from }) => from)]
  const $or = byAuthor.map(([from, group]) => ({
    from: exactly(from),
    cid: { $in: group.map(({ cid }) => exactly(cid)) },
  }))
  const options = { projection: CID_FIELDS } as const
  const found =
    entity === 'room'
      ? await collections.events.find({ room: exactly(id), $or }, options).toArray()
      : await collections.user_events.find({ user: exactly(id), $or }, options).toArray()
  return found as unknown as UsedCid[]
}
