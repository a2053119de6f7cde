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

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const cuts = (edge: MeteredEdge, cause: string) => edge.metric('switchboard_edge_slow_total', `cause="${cause}"`)
const connect = async (edge: MeteredEdge, users: readonly string[]) =>
  Promise.all(users.map(async (user) => RawClient.connected(edge.url, await token(user))))

const TEXT = 'x'.repeat(8_000)
const ENTRY = 25
const ENTRIES = 60

/** Looks after those who do not read ten times as often, and at nothing else. */
const HASTY = {
  ...systemClock,
  every: (ms: number, then: () => void) => systemClock.every(ms === 250 ? 25 : ms, then),
}

/** Everything that is in a room after `offset`, read page by page. */
async function reload(client: RawClient, room: string, head: number): Promise<number[]> {
  const seqs: number[] = []
  while ((seqs[0] ?? head + 1) > 1) {
    const before_seq = seqs[0] ?? head + 1
    const { rpc } = await client.rpc('room.history', { room, before_seq, limit: 25 })
    const events = (rpc?.data.events ?? []) as { seq: number }[]
    assert.ok(events.length > 0)
    seqs.unshift(...events.map(({ seq }) => seq))
  }
  return seqs
}

test('clients that never read in a busy room, then they are cut, the others get everything in order, and memory is bounded', async () => {
  const slow = range(1, 5).map((i) => `slow${i}`)
  const quick = range(1, 5).map((i) => `quick${i}`)
  await here.world.room('busy', [...slow, ...quick])
  await here.world.room('quiet', [...slow, ...quick])
  const stuck = await connect(here.edge, slow)
  const healthy = await connect(here.edge, quick)
  for (const { socket } of stuck) socket.pause()
  let most = 0
  for (const i of range(1, ENTRIES)) {
    await here.world.happen(
      'busy',
      range(1, ENTRY).map(() => ({ type: 'message', text: TEXT })),
    )
    if (i % 20 === 0) await here.world.messages('quiet', ['x'])
    most = Math.max(most, await here.edge.metric('switchboard_edge_outbox_bytes'))
  }
  const head = ENTRIES * ENTRY + 1
  for (const client of healthy) {
    await client.until('everything', () => client.offsets('room:busy').length === head - 1)
    assert.deepEqual(client.offsets('room:busy'), range(2, head))
    assert.equal(client.closed, undefined)
  }
  await eventually(
    'all are cut',
    () => cuts(here.edge, 'full'),
    (count) => count === slow.length,
  )
  assert.ok(most <= slow.length * MAX.outboxBytes, `${most} bytes waited`)
  assert.equal(await here.edge.metric('switchboard_edge_closes_total', 'reason="slow"'), slow.length)
  await eventually(
    'nothing waits',
    () => here.edge.metric('switchboard_edge_outbox_bytes'),
    (bytes) => bytes === 0,
  )
  await Promise.all(stuck.map((client, i) => returns(client, slow[i] ?? '', head)))
  for (const client of healthy) client[Symbol.dispose]()
})

/** Reads again, finds itself cut, returns: the quiet room goes on where it was, the busy one says that it must be reloaded. */
async function returns(client: RawClient, user: string, head: number): Promise<void> {
  client.socket.resume()
  await client.ended()
  const subs = Object.fromEntries(
    ['busy', 'quiet'].map((room) => {
      const { epoch, offset } = client.frames[0]?.connect?.subs[`room:${room}`] ?? { epoch: '', offset: 0 }
      return [`room:${room}`, { recover: true, epoch, offset: client.offsets(`room:${room}`).at(-1) ?? offset }]
    }),
  )
  using back = await RawClient.connected(here.edge.url, await token(user), subs)
  const { 'room:busy': busy, 'room:quiet': quiet } = back.frames[0]?.connect?.subs ?? {}
  assert.equal(quiet?.recovered, true)
  const seen = client.offsets('room:quiet')
  assert.deepEqual([...seen, ...(quiet?.publications ?? []).map(({ offset }) => offset)], range(2, quiet?.offset ?? 0))
  assert.deepEqual([busy?.was_recovering, busy?.recovered, busy?.publications], [true, undefined, undefined])
  assert.deepEqual(await reload(back, 'busy', head), range(1, head))
}

test('a client that stops reading in the middle, then it is cut when nothing leaves any more, long before its bytes are too many', async () => {
  const edge = await here.start({ clock: HASTY, env: { PING_SECONDS: '300' } })
  await here.world.room('rare', ['tim', 'tom'])
  using tim = await RawClient.connected(edge.url, await token('tim'))
  using tom = await RawClient.connected(edge.url, await token('tom'))
  tim.socket.pause()
  let sent = 0
  await eventually(
    'bytes that wait',
    async () => {
      await here.world.happen(
        'rare',
        range(1, ENTRY).map(() => ({ type: 'message', text: TEXT })),
      )
      sent += ENTRY
      return edge.metric('switchboard_edge_outbox_connections')
    },
    (count) => count === 1,
  )
  await eventually(
    'cut',
    () => cuts(edge, 'stalled'),
    (count) => count === 1,
  )
  assert.equal(await cuts(edge, 'full'), 0)
  await tom.until('everything', () => tom.offsets('room:rare').length === sent)
  assert.equal(tom.closed, undefined)
  tim.socket.resume()
  assert.equal((await tim.ended()).code, 1006)
})

test('much waits for a client, then it loses signals and no event', async () => {
  const edge = await here.start()
  await here.world.room('signs', ['sid', 'sue'])
  using sid = await RawClient.connected(edge.url, await token('sid'))
  using sue = await RawClient.connected(edge.url, await token('sue'))
  sid.socket.pause()
  await eventually(
    'much waits',
    async () => {
      await here.world.happen(
        'signs',
        range(1, 5).map(() => ({ type: 'message', text: TEXT })),
      )
      return edge.metric('switchboard_edge_outbox_bytes')
    },
    (bytes) => bytes > MAX.signalOutboxBytes,
  )
  await sue.rpc('room.typing', { room: 'signs' })
  await eventually(
    'dropped',
    () => edge.metric('switchboard_edge_dropped_signals_total'),
    (count) => count === 1,
  )
  await sue.until('the signal', () => sue.pushes('room:signs').some(({ pub }) => pub?.data.type === 'typing'))
  const head = here.world.rooms.get('signs')?.events.length ?? 0
  sid.socket.resume()
  await sid.until('every event', () => sid.offsets('room:signs').length === head - 1)
  assert.deepEqual(sid.offsets('room:signs'), range(2, head))
})
