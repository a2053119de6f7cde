import {
  at,
  eventsOf,
  inTheMiddle,
  late,
  type Mutation,
  ofType,
  replace,
  retell,
  type Sent,
  sentOnce,
  views,
  without,
} from './mutations.ts'
import type { EventSeen, JournalRecord, Seen } from './records.ts'

type Records = readonly JournalRecord[]

const isLive = ({ how }: Seen): boolean => how === 'live'

const swapped = (a: EventSeen, b: EventSeen) => (event: EventSeen) => {
  const other = event.seq === a.seq ? b : event.seq === b.seq ? a : undefined
  return other ? { ...other, seq: event.seq, n: event.n } : event
}

/** Two messages of one user that stand behind each other, by whether the first was acknowledged before the second was sent. */
function neighbours(records: Records, isPipelined: boolean): (readonly [Sent, Sent])[] {
  const all = Map.groupBy(sentOnce(records), ({ room, seq }) => `${room} ${seq}`)
  return [...all.values()].flatMap(([a]) => {
    const [b] = (a && all.get(`${a.room} ${a.seq + 1}`)) ?? []
    if (!a || !b || a.invoke.user !== b.invoke.user) return []
    if (a.invoke.atMs > b.invoke.atMs || a.answer.atMs > b.invoke.atMs !== isPipelined) return []
    const isNear = b.invoke.client !== a.invoke.client && b.invoke.atMs - a.answer.atMs < 60
    return isNear ? [] : [[a, b] as const]
  })
}

/** Swaps them wherever they are told of, and in their answers. */
function reorder(records: Records, [a, b]: readonly [Sent, Sent]): Records {
  const events = eventsOf(records, a.room)
  const [first, second] = [events[a.seq - 1], events[b.seq - 1]]
  if (!first || !second) return records
  const told = retell(records, a.room, swapped(first, second))
  return replace(replace(told, a.answer, { ...a.answer, seq: b.seq }), b.answer, { ...b.answer, seq: a.seq })
}

/** Gives an event the cid of another of the same sender, and forgets that anybody asked for it. */
function twice(records: Records, isAcked: boolean): { room: string; seq: number; cid: string; forget: Sent }[] {
  const sent = sentOnce(records)
  const acked = new Set(ofType(records, 'return').flatMap(({ id, outcome }) => (outcome === 'ok' ? [id] : [])))
  const ackedCids = new Set(
    ofType(records, 'invoke').flatMap(({ id, operation }) =>
      acked.has(id) && operation.name !== 'read' ? [operation.cid] : [],
    ),
  )
  return sent.flatMap((forget) => {
    const { room, seq, invoke } = forget
    const other = eventsOf(records, room).find(
      ({ type, from, cid, seq: at }) =>
        type === 'message' && from === invoke.user && at < seq && ackedCids.has(cid) === isAcked,
    )
    return other ? [{ room, seq, cid: other.cid, forget }] : []
  })
}

const renamed = (records: Records, { room, seq, cid, forget }: ReturnType<typeof twice>[number]): Records =>
  retell(without(records, forget.invoke, forget.answer), room, (event) =>
    event.seq === seq ? { ...event, cid } : event,
  )

/** Of commands, of histories, and of what clients were given. */
export const EVENT_MUTATIONS: readonly Mutation[] = [
  {
    what: 'an acknowledged message is in no history',
    check: 'lost-after-ack',
    spoil: (records, dice) =>
      at(sentOnce(records), dice, ({ invoke, answer, room }) => {
        const operation = { name: 'send', cid: 'lost', room, text: 'lost' } as const
        const twin = [
          { ...invoke, id: 'lost', operation },
          { ...answer, id: 'lost' },
        ] as const
        return replace(records, answer, answer, ...twin)
      }),
  },
  {
    what: 'a client saw what no history has',
    check: 'lost-after-seen',
    spoil: (records, dice) =>
      at(
        views(records).flatMap((all) =>
          all.filter((seen, i) => isLive(seen) && i === all.length - 1 && isLast(records, seen)),
        ),
        dice,
        (seen) => {
          const event = { ...seen.event, seq: seen.event.seq + 1, cid: 'gone', from: 'ann' }
          return late(records, 1, (atMs) => [{ ...seen, atMs, event }])
        },
      ),
  },
  {
    what: 'a live event is not delivered, and those after it are',
    check: 'hole',
    spoil: (records, dice) => at(inTheMiddle(records, 'live'), dice, (seen) => without(records, seen)),
  },
  {
    what: 'an event is missing in a recovered gap',
    check: 'hole',
    spoil: (records, dice) => at(inTheMiddle(records, 'recovered'), dice, (seen) => without(records, seen)),
  },
  {
    what: 'a reload is not filled',
    check: 'hole',
    spoil: (records, dice) => at(inTheMiddle(records, 'history'), dice, (seen) => without(records, seen)),
  },
  ...(['api', 'store', 'log'] as const).map(
    (source): Mutation => ({
      what: `an event is missing in the middle of the ${source}`,
      check: 'hole',
      spoil: (records, dice) =>
        at(
          ofType(records, 'final-history').filter((final) => final.source === source && final.events.length > 2),
          dice,
          (final) => {
            const hole = 1 + (dice % (final.events.length - 2))
            return replace(records, final, { ...final, events: final.events.filter((_, i) => i !== hole) })
          },
        ),
    }),
  ),
  {
    what: 'the store ends before the head',
    check: 'hole',
    spoil: (records, dice) =>
      at(
        ofType(records, 'final-history').filter(({ source }) => source === 'store'),
        dice,
        (final) => replace(records, final, { ...final, events: final.events.slice(0, -1) }),
      ),
  },
  {
    what: 'two events stand in another order to one client',
    check: 'different-order',
    spoil: (records, dice) =>
      at(inTheMiddle(records, 'live'), dice, (seen) => {
        const other = eventsOf(records, seen.room)[seen.event.seq]
        return other ? replace(records, seen, { ...seen, event: { ...other, seq: seen.event.seq } }) : records
      }),
  },
  {
    what: 'two events stand in another order in the store',
    check: 'different-order',
    spoil: (records, dice) =>
      at(
        ofType(records, 'final-history').filter(({ source, events }) => source !== 'api' && events.length > 2),
        dice,
        (final) => {
          const [a, b] = final.events.slice(1 + (dice % (final.events.length - 2)))
          return a && b ? replace(records, final, { ...final, events: final.events.map(swapped(a, b)) }) : records
        },
      ),
  },
  {
    what: 'a cid is twice in the history',
    check: 'duplicate',
    spoil: (records, dice) => at(twice(records, true), dice, (one) => renamed(records, one)),
  },
  {
    what: 'what was never acknowledged has happened twice',
    check: 'unknown-twice',
    spoil: (records, dice) => at(twice(records, false), dice, (one) => renamed(records, one)),
  },
  {
    what: 'an event is delivered twice to a client',
    check: 'duplicate',
    spoil: (records, dice) =>
      at(inTheMiddle(records, 'live'), dice, (seen) =>
        replace(records, seen, seen, { ...seen, atMs: seen.atMs + 0.1 }),
      ),
  },
  {
    what: 'one cid is answered with two seqs',
    check: 'two-seqs',
    spoil: (records, dice) =>
      at(sentOnce(records), dice, ({ invoke, answer, seq }) =>
        replace(
          records,
          answer,
          answer,
          { ...invoke, id: 'again', atMs: answer.atMs },
          { ...answer, id: 'again', seq: seq + 1 },
        ),
      ),
  },
  ...[false, true].map(
    (isPipelined): Mutation => ({
      what: `a sender is reordered${isPipelined ? ' within one connection' : ''}`,
      check: 'reordered',
      spoil: (records, dice) => at(neighbours(records, isPipelined), dice, (pair) => reorder(records, pair)),
    }),
  ),
  {
    what: 'what was refused has happened',
    check: 'refused-applied',
    spoil: (records, dice) =>
      at(sentOnce(records), dice, ({ answer }) => {
        const { seq: _, ...rest } = answer
        return replace(records, answer, { ...rest, outcome: 'refused', code: 'permission_denied' })
      }),
  },
  {
    what: 'a message has another text than it was sent with',
    check: 'wrong-content',
    spoil: (records, dice) => {
      const edited = new Set(
        ofType(records, 'final-history').flatMap(({ room, events }) => events.map(({ target }) => `${room} ${target}`)),
      )
      const all = sentOnce(records).filter(({ room, seq }) => !edited.has(`${room} ${seq}`))
      return at(all, dice, ({ room, seq }) =>
        retell(records, room, (event) => (event.seq === seq ? { ...event, text: 'another' } : event)),
      )
    },
  },
  {
    what: 'a member who is connected does not get the last event',
    check: 'not-delivered',
    spoil: (records, dice) =>
      at(
        views(records).flatMap((all) => all.slice(-1).filter((seen) => isLive(seen) && isLast(records, seen))),
        dice,
        (seen) => without(records, seen),
      ),
  },
]

/** Whether this is the head of its room and the client was a member and connected to the end. */
function isLast(records: Records, { room, event, client, user, atMs }: Seen): boolean {
  if (event.seq !== eventsOf(records, room).length) return false
  const members = ofType(records, 'final-members').find((final) => final.room === room)?.members ?? []
  const isUndisturbed = !records.some(
    (record) =>
      (record.type === 'connection' || record.type === 'subscribed' || record.type === 'unsubscribed') &&
      record.client === client &&
      record.atMs > atMs,
  )
  return members.includes(user) && isUndisturbed
}
