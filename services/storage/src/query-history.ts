import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { partIn } from './desk-rights.ts'
import { memberKey } from './documents.ts'
import { clientUserEvent } from './event-document.ts'
import { fitPage, mergeTail, type PageRange, rangeOf } from './history-page.ts'
import { exactly } from './mongo-connect.ts'
import { viewUser } from './query-load.ts'
import { mayRead, type Sources, viewRoom } from './room-view.ts'

type Handlers = Pick<StorageHandlers, 'room.history' | 'user.events'>
type Asked = Parameters<Handlers['room.history']>[0]

/** Pages of events, complete up to the head. */
export const historyQueries = (sources: Sources): Handlers => ({
  'room.history': async (asked) => {
    const old = await savedPage(sources, asked)
    if (old) return old
    const { room, user } = asked
    const view = await viewRoom(sources, room, user === undefined ? [] : [user])
    const mayLook =
      user === undefined || mayRead(view, user) || (await partIn(sources, view, { ...asked, user })) !== null
    if (!mayLook) return refuse('not_a_member', { field: 'room' })
    const { head } = view.state
    const range = rangeOf(asked, head)
    const stored = await storedEvents(sources, room, { ...range, last: Math.min(range.last, view.saved) })
    return page({ range, head, documents: mergeTail(room, { stored, tail: view.tail, range }) })
  },
  'user.events': async ({ user, after_seq, limit }) => {
    const { document, tail, head } = await viewUser(sources, user)
    const saved = document?.head ?? 0
    const count = Math.min(Math.max(1, limit), MAX.recoverEvents)
    const seq = { $gt: after_seq, $lte: Math.min(saved, after_seq + count) }
    const stored =
      after_seq >= saved
        ? []
        : await sources.collections.user_events
            .find({ user: exactly(user), seq })
            .sort({ seq: 1 })
            .toArray()
    const rest = tail.filter((event) => event.seq > after_seq && event.seq <= after_seq + count)
    const events = [...stored.map(clientUserEvent), ...rest]
    return { events, head, more: (events.at(-1)?.seq ?? head) < head }
  },
})

/** A page that lies wholly in MongoDB, for whom MongoDB knows as a reader: the log need not be asked. Null when it must be. */
async function savedPage(sources: Sources, asked: Asked) {
  const { room, user, before_seq, after_seq } = asked
  if (before_seq === undefined || after_seq !== undefined) return null
  const { rooms, members } = sources.collections
  const document = await rooms.findOne({ _id: exactly(room) })
  if (!document || before_seq > document.head + 1) return null
  if (user !== undefined && document.kind !== 'public') {
    const member = await members.findOne({ _id: exactly(memberKey(room, user)) })
    if (!member || member.gone) return null
  }
  const { head } = document
  const range = rangeOf(asked, head)
  return page({ range, head, documents: await storedEvents(sources, room, range) })
}

async function storedEvents({ collections }: Sources, room: string, { first, last }: PageRange) {
  if (last < first) return []
  const seq = { $gte: first, $lte: last }
  return collections.events
    .find({ room: exactly(room), seq })
    .sort({ room: 1, seq: 1 })
    .toArray()
}

function page({
  range,
  head,
  documents,
}: {
  range: PageRange
  head: number
  documents: Parameters<typeof fitPage>[0]
}) {
  const { events, isCut } = fitPage(documents, range.fill)
  const isMore =
    range.fill === 'up' ? range.last >= range.first && range.last < head : range.first > 1 && range.last > 0
  return { events, head, more: isCut || isMore }
}
