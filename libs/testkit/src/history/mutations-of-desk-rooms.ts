import { at, late, type Mutation, ofType, retell } from './mutations.ts'
import { changes, toldIn } from './mutations-of-desks.ts'
import type { EventSeen, JournalRecord } from './records.ts'

type Records = readonly JournalRecord[]

const messagesIn = (records: Records, isNotes: boolean) =>
  ofType(records, 'final-history').flatMap(({ room, source, events }) =>
    source === 'api' && room.startsWith('n-') === isNotes
      ? events.filter(({ type }) => type === 'message').map((event) => ({ room, event }))
      : [],
  )

const visitorOf = (records: Records, room: string): string =>
  changes(records).find(({ conversation }) => conversation.conversation === room.replace('n-', ''))?.conversation
    .visitor ?? ''

const answered = (records: Records) =>
  messagesIn(records, false).filter(({ room, event }) => event.from !== visitorOf(records, room))

/** Of the rooms of conversations: who may write, who may read, and whether they follow their desk. */
export const DESK_ROOM_MUTATIONS: readonly Mutation[] = [
  {
    what: 'an agent who is not responsible answers',
    check: 'wrong-writer',
    spoil: (records, dice) =>
      at(answered(records), dice, ({ room, event }) => {
        const asked = ofType(records, 'invoke').find(
          ({ operation }) => 'cid' in operation && operation.cid === event.cid,
        )
        const told = retell(records, room, (one) => (one.seq === event.seq ? { ...one, from: 'another' } : one))
        return told.flatMap((record): JournalRecord[] => {
          const isOfIt = (record.type === 'invoke' || record.type === 'return') && record.id === asked?.id
          return isOfIt ? [{ ...record, user: 'another' }] : [record]
        })
      }),
  },
  {
    what: 'a room is not told how its conversation ended',
    check: 'room-behind',
    spoil: (records, dice) =>
      at(
        toldIn(records).filter(({ room, told }) => !room.startsWith('n-') && isWithoutWord(records, room, told)),
        dice,
        ({ room, told }) => withoutLast(records, room, told.seq),
      ),
  },
  {
    what: 'a visitor is given a note',
    check: 'note-seen',
    spoil: (records, dice) =>
      at(messagesIn(records, true), dice, ({ room, event }) => {
        const user = visitorOf(records, room)
        return late(records, 1, (atMs) => [{ type: 'seen', atMs, client: `c-${user}`, user, room, how: 'live', event }])
      }),
  },
  {
    what: 'a note is written into the room of the conversation',
    check: 'note-seen',
    spoil: (records, dice) =>
      at(messagesIn(records, true), dice, ({ room, event }) => {
        const [other] = answered(records).filter((one) => one.room === room.replace('n-', ''))
        if (!other) return undefined
        return retell(records, other.room, (one) =>
          one.seq === other.event.seq && event.text !== undefined ? { ...one, text: event.text } : one,
        ).map((record) =>
          record.type === 'invoke' && record.operation.name === 'send' && record.operation.cid === other.event.cid
            ? { ...record, operation: { ...record.operation, text: event.text ?? '' } }
            : record,
        )
      }),
  },
]

/** The last word of a room is its last event, and the one before it says something else. */
function isWithoutWord(records: Records, room: string, { seq }: EventSeen): boolean {
  const events = ofType(records, 'final-history').find((final) => final.room === room)?.events ?? []
  const words = events.filter(({ standing }) => standing)
  const [before, last] = [words.at(-2)?.standing, words.at(-1)?.standing]
  return seq === events.length && before !== undefined && (before.state !== last?.state || before.agent !== last.agent)
}

const withoutLast = (records: Records, room: string, seq: number): Records =>
  records.flatMap((record): JournalRecord[] => {
    if (record.type === 'seen' && record.room === room && record.event.seq === seq) return []
    if (record.type !== 'final-history' || record.room !== room) return [record]
    return [{ ...record, events: record.events.slice(0, -1) }]
  })
