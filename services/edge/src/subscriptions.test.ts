import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRefusal } from '@switchboard/contracts/errors'
import { noTimer, systemClock } from './clock.ts'
import { jsonCodec } from './codec-json.ts'
import type { EdgeEvents } from './events.ts'
import type { Feed } from './feed.ts'
import type { FeedRegistry, FeedSpec } from './feed-registry.ts'
import type { Person } from './person.ts'
import { Subscriptions } from './subscriptions.ts'

/** A connection whose feeds open when they are told to. */
function connection(...rooms: string[]) {
  const opening: (() => void)[] = []
  const audience = { expect: () => {}, add: () => {}, remove: () => {} }
  const use = ({ kind, id }: FeedSpec) =>
    new Promise<Feed>((resolve) => {
      const feed = { kind, id, head: 1, oldest: 1, epoch: 'e', since: () => [], remember: () => {}, audience }
      opening.push(() => resolve(feed as unknown as Feed))
    })
  const channelOf = ({ kind, id }: FeedSpec) => `${kind}:${id}`
  const restarts: string[] = []
  const link = { send: () => {}, signal: () => {} } as never
  const owner = { user: 'ann', codec: jsonCodec, link, restart: () => void restarts.push('restart') }
  const subscriptions = new Subscriptions(owner, {
    feeds: { channelOf, use, release: () => {}, mend: async () => {} } as unknown as FeedRegistry,
    archive: { head: async () => 1, events: async () => [] },
    // No deadline is ever reached: what ends by one alone does not end.
    clock: { ...systemClock, after: () => noTimer },
    events: new Proxy({}, { get: () => () => {} }) as EdgeEvents,
  })
  const memberships = () => rooms.map((room) => ({ room, head: 1, at: 1 }))
  const person = { user: 'ann', memberships, isStillIn: () => true } as unknown as Person
  const openAll = () => {
    for (const open of opening.splice(0)) open()
  }
  return { subscriptions, person, restarts, openAll }
}

test('somebody who is removed from a room while their connection begins is connected, without that room', async () => {
  const { subscriptions, person, openAll } = connection('kept', 'left')
  const beginning = subscriptions.open(person, new Map())
  subscriptions.remove('left')
  openAll()
  const finish = await beginning
  assert.ok(!isRefusal(finish), 'it is no reason to refuse the connection')
  assert.deepEqual(Object.keys(finish()), ['user:ann', 'room:kept'])
})

test('somebody who is removed from a room while it is added stays connected', async () => {
  const { subscriptions, person, restarts, openAll } = connection()
  const adding = subscriptions.add(person, 'brief', 1)
  subscriptions.remove('brief')
  openAll()
  await adding
  assert.deepEqual(restarts, [])
  assert.equal(subscriptions.size, 0)
})

test('who waits for a room that they are removed from before they have it, waits no longer', async () => {
  const { subscriptions, person, openAll } = connection()
  const adding = subscriptions.add(person, 'brief', 1)
  const waiting = subscriptions.until('brief', 1_000)
  subscriptions.remove('brief')
  await waiting
  openAll()
  await adding
})

test('who waits for a room of whose feed it turns out that they are no member, waits no longer', async () => {
  const { subscriptions, person, openAll } = connection()
  const adding = subscriptions.add(Object.assign(person, { isStillIn: () => false }), 'brief', 1)
  const waiting = subscriptions.until('brief', 1_000)
  openAll()
  await Promise.all([adding, waiting])
  assert.equal(subscriptions.size, 0)
})
