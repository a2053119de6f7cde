import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { type EventDocument, eventKey } from './documents.ts'
import { changeDocument, roomEventDocument, targetOf } from './event-document.ts'
import { exactly, oneOf } from './mongo-connect.ts'
import type { Abilities } from './mongo-indexes.ts'
import { mayRead, type Sources, viewRoom } from './room-view.ts'
import { hasWords, indexTerm, wordPattern, wordsOf } from './search-words.ts'
import { belongingsOf, roomsWithTails } from './user-rooms.ts'

type Handlers = Pick<StorageHandlers, 'search'>

const DEFAULT_LIMIT = 20
/** Less than a query may take, so that the answer says why. */
const SEARCH_MS_MAX = 4_000

/** Messages with all the words, newest first, in rooms that the asker may read, unsaved ones included. */
export const searchQueries = (sources: Sources, abilities: Abilities): Handlers => ({
  search: async ({ user, q, room, limit = DEFAULT_LIMIT }) => {
    const words = wordsOf(q)
    if (words.length === 0) return refuse('bad_request', { field: 'q', message: 'has no words' })
    const rooms = await searchable(sources, user, room)
    if (rooms === null) return refuse('not_a_member', { field: 'room' })
    if (rooms.length === 0) return { messages: [] }
    const { tails } = await roomsWithTails(sources, rooms)
    const count = Math.min(Math.max(1, limit), MAX.searchResults)
    const stored = await searchStored(sources, { rooms, words, count, byIndex: abilities.textSearch })
    const found = withTails(stored, tails, words)
    const messages = found
      .sort((a, b) => b.at - a.at || b.seq - a.seq)
      .slice(0, count)
      .map(({ room: where, seq, at, from, text = '' }) => ({ room: where, seq, at, from, text }))
    return { messages }
  },
})

/** The rooms that are searched: all of the asker's, or the one, if they may read it. */
async function searchable(sources: Sources, user: string, room: string | undefined): Promise<string[] | null> {
  if (room !== undefined) return mayRead(await viewRoom(sources, room, [user]), user) ? [room] : null
  const [belongings] = await belongingsOf(sources, [{ user }])
  return belongings?.rooms.map((each) => each.room) ?? []
}

interface Wanted {
  readonly rooms: readonly string[]
  readonly words: readonly string[]
  readonly count: number
  readonly byIndex: boolean
}

function searchStored({ collections }: Sources, { rooms, words, count, byIndex }: Wanted): Promise<EventDocument[]> {
  const [first = ''] = rooms
  const where = { room: rooms.length === 1 ? exactly(first) : oneOf(rooms), type: 'message' }
  const term = byIndex ? indexTerm(words) : undefined
  const what = {
    ...(term === undefined ? {} : { $text: { $search: term } }),
    $and: words.map((word) => ({ text: { $regex: wordPattern(word), $options: 'i' } })),
  }
  return collections.events
    .find({ ...where, ...what })
    .sort({ at: -1, seq: -1 })
    .limit(count)
    .maxTimeMS(SEARCH_MS_MAX)
    .toArray()
}

/** What was found, with the unsaved events added and what they do to it done: those have to be looked at once more. */
function withTails(
  stored: readonly EventDocument[],
  tails: Awaited<ReturnType<typeof roomsWithTails>>['tails'],
  words: readonly string[],
): EventDocument[] {
  const documents = new Map(stored.map((document) => [document._id, document]))
  const touched = new Set<string>()
  for (const [room, tail] of tails) {
    for (const event of tail) {
      const added = roomEventDocument(room, event)
      const target = documents.get(eventKey(room, targetOf(event) ?? 0))
      if (!documents.has(added._id)) documents.set(added._id, added)
      if (target) documents.set(target._id, changeDocument(target, event))
      touched.add(added._id)
      if (target) touched.add(target._id)
    }
  }
  const isFound = ({ _id, type, text = '' }: EventDocument) =>
    !touched.has(_id) || (type === 'message' && hasWords(text, words))
  return [...documents.values()].filter(isFound)
}
