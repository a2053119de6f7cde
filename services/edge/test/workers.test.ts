import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { decodeJson, subscribe } from '@switchboard/bus/core'
import type { PresenceRecord } from '@switchboard/contracts/records'
import { type Stage, stage, token } from './edge-fixture.ts'
import { type EdgeWorkers, startEdgeWorkers } from './edge-workers.ts'
import { eventually } from './eventually.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

/** That all of them land in one worker of two is as likely as 40 times heads. */
const CLIENTS = 40
const users = (prefix: string) => Array.from({ length: CLIENTS }, (_, i) => `${prefix}${i}`)

const connect = (edge: EdgeWorkers, people: readonly string[]): Promise<RawClient[]> =>
  Promise.all(people.map(async (user) => RawClient.connected(edge.url, await token(user))))

const connections = (edge: EdgeWorkers, worker: number) =>
  edge.metric('switchboard_edge_connections', `worker="${worker}"`)
const connects = (edge: EdgeWorkers) => edge.metric('switchboard_channel_messages_total', 'outcome="connected"')

/** The next process of a worker, once it is ready and counted as such. */
async function replaced(edge: EdgeWorkers, worker: number, old: number): Promise<number> {
  await eventually(
    `worker ${worker} started again`,
    async () => edge.pids(worker).at(-1),
    (pid) => pid !== old,
  )
  await eventually(
    'both are ready',
    () => edge.metric('switchboard_process_workers', 'phase="ready"'),
    (count) => count === 2,
  )
  return edge.pids(worker).at(-1) ?? 0
}

test('an edge with two workers has connections in both, all hear everything, and on SIGTERM sends all away and ends with 0', async () => {
  await using edge = await startEdgeWorkers(here)
  const people = users('both')
  await here.world.room('both', people)
  const edgesOf = new Map<string, string>()
  const presence = subscribe(here.bus, here.bus.names.presenceAll, ({ data }) => {
    const record = decodeJson<PresenceRecord>(data)
    for (const [user] of record.users) edgesOf.set(user, record.edge)
  })
  const clients = await connect(edge, people)
  const [one, two] = [await connections(edge, 1), await connections(edge, 2)]
  assert.ok(one > 0 && two > 0, `${one} and ${two}`)
  assert.equal(one + two, CLIENTS)
  await here.world.messages('both', ['hello'])
  for (const client of clients) await client.until('the message', () => client.offsets('room:both').includes(2))
  await eventually(
    'everybody told present',
    async () => edgesOf.size,
    (size) => size === CLIENTS,
  )
  const counted = [...new Set(edgesOf.values())].map((id) => [...edgesOf.values()].filter((one) => one === id).length)
  assert.deepEqual(
    counted.sort((a, b) => a - b),
    [one, two].sort((a, b) => a - b),
    'each worker is an edge of its own',
  )
  presence.unsubscribe()

  const { code } = await edge.child.stop()
  assert.equal(code, 0)
  for (const client of clients) assert.deepEqual(await client.ended(), { code: 3001, reason: 'shutdown' })
})

test('a worker that is killed loses its own connections alone, comes back, and what it has counted stays counted', async () => {
  await using edge = await startEdgeWorkers(here)
  const clients = await connect(edge, users('killed'))
  const [old = 0] = edge.pids(1)
  const lost = await connections(edge, 1)
  assert.equal(await connects(edge), CLIENTS)
  process.kill(old, 'SIGKILL')
  await eventually(
    'its connections lost',
    async () => clients.filter(({ closed }) => closed).length,
    (count) => count === lost,
  )
  assert.equal(await edge.isReady(), true, 'the other one takes all meanwhile')
  await replaced(edge, 1, old)
  assert.equal(await connects(edge), CLIENTS)
  const more = await connect(edge, users('again'))
  assert.equal(await connects(edge), 2 * CLIENTS)
  assert.ok((await connections(edge, 1)) > 0)
  assert.equal(await edge.metric('switchboard_process_worker_ends_total', 'cause="ended"'), 1)
  assert.equal(edge.pids(2).length, 1)
  assert.equal(clients.filter(({ closed }) => closed).length, lost)
  for (const client of [...clients, ...more]) client[Symbol.dispose]()
})

test('a worker that is frozen is killed and replaced, and meanwhile metrics come without its gauges', async () => {
  await using edge = await startEdgeWorkers(here)
  const clients = await connect(edge, users('frozen'))
  const [old = 0] = edge.pids(2)
  const [living, lost] = [await connections(edge, 1), await connections(edge, 2)]
  process.kill(old, 'SIGSTOP')
  assert.equal(await connects(edge), CLIENTS)
  assert.equal(await edge.metric('switchboard_edge_connections'), living)
  await replaced(edge, 2, old)
  assert.equal(await edge.metric('switchboard_process_worker_ends_total', 'cause="silent"'), 1)
  await eventually(
    'its connections lost',
    async () => clients.filter(({ closed }) => closed).length,
    (count) => count === lost,
  )
  assert.equal(edge.pids(1).length, 1)
  for (const client of clients) client[Symbol.dispose]()
})

test('an edge with workers and no port of their own to share is refused in one sentence, with 2', async () => {
  await using edge = await startEdgeWorkers(here, { env: { PORT: '0', LOG_LEVEL: 'silent' }, isWaitedFor: false })
  const { code } = await edge.child.exited
  assert.equal(code, 2)
  assert.deepEqual(edge.child.tail(), ['edge: PORT must be a number above 0 for several EDGE_WORKERS, which share it'])
})
