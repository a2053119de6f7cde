import type { StorageHandlers } from '@switchboard/bus/ask'
import type { LogEntry } from '@switchboard/bus/log-entry'
import type { AnyEvent, UserEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import { deskLog } from './desk-view.ts'
import { changeDocument, roomEventDocument, targetOf } from './event-document.ts'
import { NOTHING_SAVED, tailOf } from './log-tail.ts'
import { exactly } from './mongo-connect.ts'
import { type Sources, viewRoom } from './room-view.ts'
import { recentCids, storedCids } from './stored-cids.ts'
import { cidsOf, usedBy } from './used-cids.ts'

type Handlers = Pick<StorageHandlers, 'room.load' | 'user.load' | 'cids.find' | 'messages.facts'>

/** What the router's lanes are loaded from. */
export const loadQueries = (sources: Sources): Handlers => ({
  'room.load': async ({ room }) => {
    const view = await viewRoom(sources, room, 'all')
    const { state, tail, saved, document } = view
    const recent = saved === 0 ? [] : await recentCids(sources, { kind: 'room', id: room, head: saved })
    return {
      room,
      kind: state.kind,
      title: state.title,
      head: state.head,
      n: state.n,
      members: [...state.members.values()],
      standing: state.standing,
      ...fenceOf(view.entry),
      ...cidsOf(recent, tail, { head: saved, at: document?.at ?? 0 }),
    }
  },
  'user.load': async ({ user }) => {
    const { document, tail, entry, head } = await viewUser(sources, user)
    const saved = document?.head ?? 0
    const recent = saved === 0 ? [] : await recentCids(sources, { kind: 'user', id: user, head: saved })
    return { user, head, ...fenceOf(entry), ...cidsOf(recent, tail, { head: saved, at: document?.at ?? 0 }) }
  },
  'cids.find': async ({ entity, id, lookups }) => {
    if (lookups.length === 0) return { used: [] }
    const tail = await unsaved(sources, entity, id)
    const wanted = new Set(lookups.map(({ from, cid }) => `${from} ${cid}`))
    const stored = await storedCids(sources, { kind: entity, id, lookups })
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
export const fenceOf = (entry: LogEntry | null) => ({
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

async function unsaved(sources: Sources, entity: EntityKind, id: string): Promise<readonly AnyEvent[]> {
  if (entity === 'desk') return (await deskLog(sources, id)).tail
  return entity === 'room' ? (await viewRoom(sources, id, [])).tail : (await viewUser(sources, id)).tail
}
