import type { StorageHandlers } from '@switchboard/bus/ask'
import type { AnyEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import { isCausedBy } from '@switchboard/domain/room-draft'
import { viewConversation, viewDesk } from './desk-view.ts'
import { writtenEvent } from './event-document.ts'
import { exactly } from './mongo-connect.ts'
import { fenceOf } from './query-load.ts'
import { type Sources, viewRoom } from './room-view.ts'
import { recentCids } from './stored-cids.ts'
import { cidsOf } from './used-cids.ts'

type Handlers = Pick<StorageHandlers, 'desk.load' | 'desk.list' | 'desk.events' | 'conversation.load' | 'events.caused'>

/** Events that one command may become: two for each step, and its own. */
const CAUSED_MAX = 4 * MAX.deskSteps

/** Desks and their conversations. */
export const deskQueries = (sources: Sources): Handlers => ({
  'desk.load': async ({ desk, after = '' }) => {
    const { state, document, tail, entry } = await viewDesk(sources, desk)
    const saved = document?.head ?? 0
    const recent = saved === 0 ? [] : await recentCids(sources, { kind: 'desk', id: desk, head: saved })
    const ids = [...state.conversations.keys()].filter((id) => id > after).sort()
    const page = ids.slice(0, MAX.deskPage).map((id) => state.conversations.get(id))
    const agents = [...state.agents.values()].filter(({ isGhost }) => !isGhost).map(({ agent }) => agent)
    return {
      desk,
      head: state.head,
      at: state.at,
      settings: state.settings,
      agents: after === '' ? agents : [],
      conversations: page.filter((conversation) => conversation !== undefined),
      more: ids.length > MAX.deskPage,
      ...fenceOf(entry),
      ...cidsOf(recent, tail, { head: saved, at: document?.at ?? 0 }),
    }
  },
  'desk.list': async () => {
    const options = { projection: { _id: 1 }, limit: MAX.desks, batchSize: MAX.desks + 1 } as const
    const found = await sources.collections.desks.find({}, options).sort({ _id: 1 }).toArray()
    return { desks: found.map(({ _id }) => _id) }
  },
  'desk.events': async ({ desk, after_seq, limit }) => {
    const { state, events } = await deskEvents(sources, desk, { first: after_seq + 1, count: limit })
    return { events, head: state.head, more: (events.at(-1)?.seq ?? state.head) < state.head }
  },
  'conversation.load': async ({ desk, conversation }) => ({
    conversation: await viewConversation(sources, desk, conversation),
  }),
  'events.caused': async ({ entity, id, seq }) => {
    const range = { first: seq, count: CAUSED_MAX }
    const events =
      entity === 'desk' ? (await deskEvents(sources, id, range)).events : await roomEvents(sources, id, range)
    return { events: events.filter((event) => isCausedBy(event, seq)) }
  },
})

interface Range {
  readonly first: number
  readonly count: number
}

const seqsOf = ({ first, count }: Range, saved: number) => ({
  $gte: first,
  $lte: Math.min(saved, first + Math.min(Math.max(1, count), MAX.recoverEvents) - 1),
})

const within = (events: readonly AnyEvent[], { first, count }: Range) =>
  events.filter(({ seq }) => seq >= first && seq < first + count)

/** Events of a desk as they were written, stored ones and those of the tail. */
async function deskEvents(sources: Sources, desk: string, range: Range) {
  const { state, document, tail } = await viewDesk(sources, desk)
  const saved = document?.head ?? 0
  const seq = seqsOf(range, saved)
  const { desk_events } = sources.collections
  const stored =
    range.first > saved
      ? []
      : await desk_events
          .find({ desk: exactly(desk), seq })
          .sort({ seq: 1 })
          .toArray()
  return { state, events: [...stored.map(writtenEvent), ...within(tail, range)] }
}

async function roomEvents(sources: Sources, room: string, range: Range): Promise<AnyEvent[]> {
  const { saved, tail } = await viewRoom(sources, room, [])
  const seq = seqsOf(range, saved)
  const { events } = sources.collections
  const stored =
    range.first > saved
      ? []
      : await events
          .find({ room: exactly(room), seq })
          .sort({ seq: 1 })
          .toArray()
  return [...stored.map(writtenEvent), ...within(tail, range)]
}
