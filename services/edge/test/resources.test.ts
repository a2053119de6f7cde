import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { systemClock } from '../src/clock.ts'
import { type MeteredEdge, type Stage, stage, token } from './edge-fixture.ts'
import { eventually } from './eventually.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

const CYCLES = 500
const TOGETHER = 10
const USERS = 40
const PUBLIC_ROOMS = 20
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

const HELD = [
  'switchboard_edge_connections',
  'switchboard_edge_unauthenticated',
  'switchboard_edge_subscriptions',
  'switchboard_edge_people',
  'switchboard_edge_feeds',
  'switchboard_edge_outbox_connections',
  'switchboard_edge_outbox_bytes',
  'switchboard_edge_api_requests',
  'switchboard_channel_pending',
] as const

/** What is kept for those who come right back is kept for a moment only. */
const FORGETFUL = {
  ...systemClock,
  after: (ms: number, then: () => void) => systemClock.after(ms === MAX.feedLingerMs ? 500 : ms, then),
}

async function held(edge: MeteredEdge): Promise<Record<string, number>> {
  const values = await Promise.all(HELD.map(async (name) => [name, await edge.metric(name)] as const))
  return Object.fromEntries(values)
}

const timers = (edge: MeteredEdge) => edge.metric('nodejs_active_resources', 'type="Timeout"')

/** Connects, follows a public room, talks, asks, and goes, in one way or another. */
async function cycle(edge: MeteredEdge, i: number): Promise<void> {
  const user = `c${i % USERS}`
  const room = `p${i % PUBLIC_ROOMS}`
  using client = await RawClient.connected(edge.url, await token(user))
  assert.ok((await client.call({ subscribe: { channel: `room:${room}` } })).subscribe)
  const send = { method: 'message.send', data: { cid: `c${i}`, room: 'all', text: 'x' } }
  if (i % 10 === 0) assert.ok((await client.call({ rpc: send })).rpc)
  // Others go before the answer comes.
  else if (i % 10 < 3) await client.send(JSON.stringify({ id: 999, rpc: send }))
  await client.rpc('room.history', { room, limit: 1 })
  if (i % 5 === 0) await client.send('this is not of the protocol')
  if (i % 5 === 0) await client.ended()
  else if (i % 2 === 0) client.socket.close()
}

test('hundreds of connections with feeds, subscriptions and requests that come and go, then nothing of them is left', async () => {
  const edge = await here.start({ clock: FORGETFUL })
  await here.world.room(
    'all',
    range(USERS).map((i) => `c${i}`),
  )
  for (const i of range(PUBLIC_ROOMS)) {
    here.world.rooms.set(`p${i}`, { members: new Set(), events: [], kind: 'public' })
    await here.world.happen(`p${i}`, [{ type: 'message', text: 'x' }])
  }
  await cycle(edge, 0)
  const isEmpty = (all: Record<string, number>) => Object.values(all).every((value) => value === 0)
  const baseline = await eventually('nothing held', () => held(edge), isEmpty)
  const timersBefore = await timers(edge)
  let most = 0
  for (let from = 1; from < CYCLES; from += TOGETHER) {
    await Promise.all(range(Math.min(TOGETHER, CYCLES - from)).map((i) => cycle(edge, from + i)))
    most = Math.max(most, await edge.metric('switchboard_edge_feeds'))
  }
  assert.ok(most > PUBLIC_ROOMS, 'there were feeds')
  const left = await eventually('nothing held any more', () => held(edge), isEmpty)
  assert.deepEqual(left, baseline)
  await eventually(
    'timers as before',
    () => timers(edge),
    (count) => count <= timersBefore + 2,
  )
})
