import type { StorageHandlers } from '@switchboard/bus/ask'
import type { Conversation } from '@switchboard/contracts/desks'
import type { AnyEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import { isCausedBy } from '@switchboard/domain/room-draft'
import { deskLog, viewConversations, viewDesk } from './desk-view.ts'
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
    const view = await viewDesk(sources, desk, { after, count: MAX.deskPage })
    const { state, document, tail, entry, upTo } = view
    const [saved, isFirst] = [document?.head ?? 0, after === '']
    const recent = saved > 0 && isFirst ? await recentCids(sources, { kind: 'desk', id: desk, head: saved }) : []
    const isInPage = ({ conversation: id }: Conversation) => id > after && (upTo === null || id <= upTo)
    const agents = [...state.agents.values()].filter(({ isGhost }) => !isGhost).map(({ agent }) => agent)
    return {
      desk,
      head: state.head,
      at: state.at,
      settings: state.settings,
      agents: isFirst ? agents : [],
      conversations: [...state.conversations.values()].filter(isInPage).sort(byId),
      more: upTo !== null,
      ...fenceOf(entry),
      ...cidsOf(recent, isFirst ? tail : [], { head: saved, at: document?.at ?? 0 }),
    }
  },
  'desk.list': async () => {
    const options = { projection: { _id: 1 }, limit: MAX.desks, batchSize: MAX.desks + 1 } as const
    const found = await sources.collections.desks.find({}, options).sort({ _id: 1 }).toArray()
    return { desks: found.map(({ _id }) => _id) }
  },
  'desk.events': async ({ desk, after_seq, limit }) => {
    const log = await deskLog(sources, desk)
    const [saved, head] = [log.document?.head ?? 0, log.tail.at(-1)?.seq ?? log.document?.head ?? 0]
    const range = { first: after_seq + 1, count: limit }
    const stored = await storedEvents(sources, { entity: 'desk', id: desk, saved }, [range])
    const events = [...stored, ...within(log.tail, range)]
    return { events, head, more: (events.at(-1)?.seq ?? head) < head }
  },
  'conversation.load': async ({ desk, conversations }) => ({
    conversations: await viewConversations(sources, desk, conversations),
  }),
  'events.caused': async ({ entity, id, seqs }) => {
    const log = await (entity === 'desk' ? deskLog(sources, id) : roomLog(sources, id))
    const ranges = seqs.map((first) => ({ first, count: CAUSED_MAX }))
    const stored = await storedEvents(sources, { entity, id, saved: log.document?.head ?? 0 }, ranges)
    const events: AnyEvent[] = [...stored, ...log.tail]
    return { caused: seqs.map((seq) => ({ seq, events: events.filter((event) => isCausedBy(event, seq)) })) }
  },
})

const byId = (a: Conversation, b: Conversation) => (a.conversation < b.conversation ? -1 : 1)

interface Range {
  readonly first: number
  readonly count: number
}

const within = (events: readonly AnyEvent[], { first, count }: Range) =>
  events.filter(({ seq }) => seq >= first && seq < first + count)

/** The events of a room, as `deskLog`. */
const roomLog = (sources: Sources, room: string) => viewRoom(sources, room, [])

/** Events of a desk or a room as they were written, of those that are stored, each once and in order. */
async function storedEvents(
  { collections }: Sources,
  { entity, id, saved }: { entity: 'room' | 'desk'; id: string; saved: number },
  ranges: readonly Range[],
): Promise<AnyEvent[]> {
  const spans = ranges.flatMap(({ first, count }) => {
    const last = Math.min(saved, first + Math.min(Math.max(1, count), MAX.recoverEvents) - 1)
    return first > saved ? [] : [{ seq: { $gte: first, $lte: last } }]
  })
  const [span, ...others] = spans
  if (!span) return []
  const seqs = others.length === 0 ? span : { $or: spans }
  const found =
    entity === 'desk'
      ? await collections.desk_events
          .find({ desk: exactly(id), ...seqs })
          .sort({ seq: 1 })
          .toArray()
      : await collections.events
          .find({ room: exactly(id), ...seqs })
          .sort({ seq: 1 })
          .toArray()
  return found.map(writtenEvent)
}
