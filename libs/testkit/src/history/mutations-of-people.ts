import { at, late, type Mutation, ofType, replace, sentOnce, without } from './mutations.ts'
import type { JournalRecord } from './records.ts'

type Records = readonly JournalRecord[]
const lists = (records: Records) =>
  ofType(records, 'final-list').flatMap((list) => list.rooms.map((row) => ({ list, row })))
const withRow = (records: Records, { list, row }: ReturnType<typeof lists>[number], changed: typeof row): Records =>
  replace(records, list, { ...list, rooms: list.rooms.map((one) => (one === row ? changed : one)) })
const pushed = (records: Records) => ofType(records, 'push').filter(({ status }) => status === 200)
const online = (records: Records) => ofType(records, 'final-online')

/** An acknowledged removal of somebody who never came back, and what was said behind it. */
function removals(records: Records) {
  const answers = new Map(ofType(records, 'return').map((answer) => [answer.id, answer]))
  const all = ofType(records, 'final-history').filter(({ source }) => source === 'api')
  const members = new Map(ofType(records, 'final-members').map((final) => [final.room, final.members]))
  return ofType(records, 'invoke').flatMap(({ id, operation }) => {
    if (operation.name !== 'remove' || members.get(operation.room)?.includes(operation.user)) return []
    const seq = answers.get(id)?.seq
    const events = all.find(({ room }) => room === operation.room)?.events ?? []
    const cameBack = events.some(
      (event) => event.type === 'member.added' && event.user === operation.user && event.seq > (seq ?? 0),
    )
    const next = seq === undefined ? undefined : events[seq]
    return next && !cameBack ? [{ room: operation.room, user: operation.user, event: next }] : []
  })
}

/** Pushes for what their user had read, or answered, by some time. */
function readLater(records: Records) {
  const marks = new Map<string, number>()
  const answers = new Map(ofType(records, 'return').map((answer) => [answer.id, answer]))
  for (const { id, operation, user } of ofType(records, 'invoke')) {
    const read = operation.name === 'read' ? answers.get(id)?.read : undefined
    if (read === undefined || operation.name !== 'read') continue
    const key = `phone-${user} ${operation.room}`
    marks.set(key, Math.max(marks.get(key) ?? 0, read))
  }
  return pushed(records).filter(({ target, room, seq }) => (marks.get(`${target} ${room}`) ?? 0) >= seq)
}

/** Of marks, members, presence and pushes. */
export const PEOPLE_MUTATIONS: readonly Mutation[] = [
  {
    what: 'a client is given an event after its user was removed',
    check: 'delivered-after-removal',
    spoil: (records, dice) =>
      at(removals(records), dice, ({ room, user, event }) =>
        late(records, 2_000, (atMs) => [{ type: 'seen', atMs, client: `p9-${user}`, user, room, how: 'live', event }]),
      ),
  },
  {
    what: 'a client is told of a lower read mark than before',
    check: 'mark-moved-back',
    spoil: (records, dice) =>
      at(
        ofType(records, 'mark').filter(({ read }) => read > 1),
        dice,
        (mark) => late(records, 2_000, (atMs) => [{ ...mark, atMs, read: mark.read - 1 }]),
      ),
  },
  {
    what: 'a read that was acknowledged is not there in the end',
    check: 'mark-moved-back',
    spoil: (records, dice) =>
      at(
        lists(records).filter(({ row }) => row.read < row.head),
        dice,
        ({ list, row }) =>
          late(records, 2_000, (atMs) => [
            { type: 'mark', atMs, client: list.client, user: list.user, room: row.room, read: row.read + 1, unread: 0 },
          ]),
      ),
  },
  {
    what: 'an unread count is wrong',
    check: 'wrong-unread',
    spoil: (records, dice) =>
      at(lists(records), dice, (one) => withRow(records, one, { ...one.row, unread: one.row.unread + 1 })),
  },
  {
    what: 'a list has an old head',
    check: 'wrong-unread',
    spoil: (records, dice) =>
      at(lists(records), dice, (one) => withRow(records, one, { ...one.row, head: one.row.head - 1 })),
  },
  {
    what: 'two devices have different read marks',
    check: 'marks-differ',
    spoil: (records, dice) =>
      at(
        lists(records).filter(({ row }) => row.read < row.head && row.unread === 0),
        dice,
        (one) => withRow(records, one, { ...one.row, read: one.row.read + 1 }),
      ),
  },
  {
    what: 'a room is missing in a list',
    check: 'wrong-list',
    spoil: (records, dice) =>
      at(lists(records), dice, ({ list, row }) =>
        replace(records, list, { ...list, rooms: list.rooms.filter((one) => one !== row) }),
      ),
  },
  {
    what: 'a list of members is wrong',
    check: 'wrong-members',
    spoil: (records, dice) =>
      at(ofType(records, 'final-members'), dice, (final) =>
        replace(records, final, { ...final, members: final.members.slice(1) }),
      ),
  },
  {
    what: 'nobody has read a room at the end',
    check: 'not-read',
    spoil: (records, dice) =>
      at(ofType(records, 'final-history'), dice, ({ room }) =>
        records.filter((record) => record.type !== 'final-history' || record.room !== room),
      ),
  },
  {
    what: 'somebody is shown online who is not',
    check: 'ghost-online',
    spoil: (records, dice) =>
      at(online(records), dice, (final) => replace(records, final, { ...final, online: [...final.online, 'ghost'] })),
  },
  {
    what: 'somebody is online and not shown',
    check: 'missing-online',
    spoil: (records, dice) =>
      at(
        online(records).filter((final) => final.online.length > 0),
        dice,
        (final) => replace(records, final, { ...final, online: final.online.slice(1) }),
      ),
  },
  {
    what: 'a push is shown twice',
    check: 'push-twice',
    spoil: (records, dice) =>
      at(pushed(records), dice, (push) => replace(records, push, push, { ...push, atMs: push.atMs + 0.1 })),
  },
  {
    what: 'a push comes long after it was read',
    check: 'push-after-read',
    spoil: (records, dice) =>
      at(readLater(records), dice, (push) => {
        const pair = ofType(records, 'push').filter(
          ({ target, room, seq }) => target === push.target && room === push.room && seq === push.seq,
        )
        const lastMs = records.at(-1)?.atMs ?? 0
        return [...without(records, ...pair), { ...push, atMs: lastMs + 1_000_000 }]
      }),
  },
  {
    what: 'a push goes to the sender',
    check: 'push-to-sender',
    spoil: (records, dice) =>
      at(sentOnce(records), dice, ({ invoke, answer, room, seq }) =>
        replace(records, answer, answer, {
          ...{ type: 'push', atMs: answer.atMs, provider: 'apns', target: `phone-${invoke.user}`, room, seq },
          ...{ status: 200, shown: true },
        }),
      ),
  },
  {
    what: 'a push goes to somebody who is no member',
    check: 'push-to-stranger',
    spoil: (records, dice) =>
      at(pushed(records), dice, (push) => {
        const device = { type: 'device', atMs: push.atMs, user: 'stranger', target: 'phone-stranger' } as const
        return replace(records, push, push, device, { ...push, target: 'phone-stranger' })
      }),
  },
]
