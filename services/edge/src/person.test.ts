import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeEntry } from '@switchboard/contracts/entry'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { UserEvent } from '@switchboard/contracts/events'
import type { RoomEntry } from '@switchboard/contracts/methods'
import type { UserRooms } from '@switchboard/contracts/queries'
import { systemClock } from './clock.ts'
import type { Feed, Watcher } from './feed.ts'
import type { FeedRegistry } from './feed-registry.ts'
import type { Archive } from './log-source.ts'
import { People } from './people.ts'
import type { Present } from './person.ts'

const added = (seq: number, room: string): UserEvent => ({
  ...{ type: 'room.added', seq, n: 0, at: seq, from: '$system', cid: `c${seq}` },
  ...{ room, kind: 'group', room_seq: 1 },
})
const removed = (seq: number, room: string): UserEvent => ({
  ...{ type: 'room.removed', seq, n: 0, at: seq, from: '$system', cid: `c${seq}`, room, room_seq: 2 },
})
const listed = (room: string, at: number) => ({ room, head: 1, at }) as RoomEntry

/** A person's channel at a head, and a list that is answered when told. */
function scene(head: number, archived: readonly UserEvent[] = []) {
  const watchers = new Set<Watcher>()
  const feed = { head, kind: 'user', id: 'ann', watchers } as unknown as Feed
  const state = { released: 0, asked: 0, upTo: [] as number[] }
  const feeds = {
    use: async () => feed,
    release: () => {
      state.released += 1
    },
  } as unknown as FeedRegistry
  const answers: ((answer: UserRooms | Refusal) => void)[] = []
  const archive: Archive = {
    head: async () => 0,
    events: async (_entity, after, upTo) =>
      archived
        .filter(({ seq }) => seq > after && seq <= upTo)
        .map((event) => ({ offset: event.seq, data: Buffer.from(JSON.stringify(event)) })),
  }
  const userRooms = ({ head }: { head: number }) => {
    state.asked += 1
    state.upTo.push(head)
    return new Promise<UserRooms | Refusal>((resolve) => answers.push(resolve))
  }
  const people = new People({ feeds, archive, userRooms }, systemClock)
  const happen = (...events: UserEvent[]) => {
    for (const watcher of watchers) watcher(feed, { first: 0, last: 0, payload: encodeEntry('user:ann', events) })
  }
  const told: string[] = []
  const connection: Present = {
    roomAdded: (room) => told.push(`+${room}`),
    roomRemoved: (room) => told.push(`-${room}`),
    lost: () => told.push('lost'),
  }
  /** Answers the list when it is asked for. */
  const answer = async (list: UserRooms | Refusal) => {
    while (answers.length === 0) await new Promise((resolve) => setImmediate(resolve))
    answers.shift()?.(list)
  }
  return { people, connection, happen, told, answer, state, watchers, feed }
}

test('events while the list is asked for, then those that the list has not are applied, once', async () => {
  const { people, connection, happen, told, answer, state } = scene(5)
  const joining = people.join('ann', connection)
  await answer({ user: 'ann', head: 6, rooms: [listed('a', 1), listed('b', 2)] })
  happen(added(6, 'b'), added(7, 'c'), removed(8, 'a'))
  const person = await joining
  assert.ok(!isRefusal(person))
  assert.deepEqual(
    person.memberships().map(({ room }) => room),
    ['c', 'b'],
  )
  assert.deepEqual(told, ['+c', '-a'])
  happen(removed(8, 'a'), added(9, 'a'))
  assert.deepEqual(told, ['+c', '-a', '+a'])
  assert.deepEqual(state.upTo, [5])
})

test('a list that is older than the channel was when it was opened, then the events between are fetched', async () => {
  const { people, connection, answer } = scene(5, [added(4, 'd'), added(5, 'e')])
  const joining = people.join('ann', connection)
  await answer({ user: 'ann', head: 3, rooms: [] })
  const person = await joining
  assert.ok(!isRefusal(person))
  assert.ok(person.isMember('d') && person.isMember('e'))
})

test('a removal that the room’s feed has heard first, then the person is out, until they are added after it', async () => {
  const { people, connection, happen, answer } = scene(0)
  const joining = people.join('ann', connection)
  await answer({ user: 'ann', head: 0, rooms: [{ ...listed('a', 1), head: 5 }] })
  const person = await joining
  assert.ok(!isRefusal(person))
  const roomRemovedAt = (seq: number) => ({ id: 'a', removedAt: () => seq }) as unknown as Feed
  assert.equal(person.isStillIn(roomRemovedAt(0)), true)
  assert.equal(person.isStillIn(roomRemovedAt(4)), true, 'the list is newer')
  assert.equal(person.isStillIn(roomRemovedAt(6)), false)
  happen({ ...added(1, 'a'), room_seq: 7 } as UserEvent)
  assert.equal(person.isStillIn(roomRemovedAt(6)), true)
  happen(removed(2, 'a'))
  assert.equal(person.isStillIn(roomRemovedAt(0)), false)
})

test('storage is away, then refused, its feed released, and the next one asks again', async () => {
  const { people, connection, answer, state, watchers } = scene(0)
  const joining = people.join('ann', connection)
  await answer(refuse('unavailable'))
  const refusal = await joining
  assert.deepEqual([isRefusal(refusal), state.released, watchers.size], [true, 1, 0])
  const again = people.join('ann', connection)
  await answer({ user: 'ann', head: 0, rooms: [] })
  assert.equal(isRefusal(await again), false)
  assert.equal(state.asked, 2)
})

test('two connections at once, then one question; the channel begins anew, then both are lost', async () => {
  const { people, connection, told, answer, state, watchers, feed } = scene(0)
  const other: Present = { ...connection, lost: () => told.push('other lost') }
  const joining = Promise.all([people.join('ann', connection), people.join('ann', other)])
  await answer({ user: 'ann', head: 0, rooms: [] })
  const [first, second] = await joining
  assert.equal(first, second)
  assert.equal(state.asked, 1)
  for (const watcher of watchers) watcher(feed, { first: 1, last: 0, payload: new Uint8Array() })
  assert.deepEqual(told, ['lost', 'other lost'])
})
