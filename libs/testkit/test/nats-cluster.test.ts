import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { startNatsCluster } from '../src/nats-cluster.ts'
import type { NatsNode } from '../src/nats-cluster-node.ts'

const STREAM = { name: 'KEPT', subjects: ['kept'], num_replicas: 3 }
const WAIT_MS = 40_000
const ANSWER_MS = 5_000

async function cluster(options: { fileStoreBytesMax?: number } = {}) {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'switchboard-cluster-'))
  stack.defer(() => rm(directory, { recursive: true, force: true }))
  const started = stack.use(await startNatsCluster({ directory, ...options }))
  await started.settled()
  const nc = await connect({ servers: started.nodes.map((node) => node.url), maxReconnectAttempts: -1 })
  stack.defer(() => nc.close())
  const named = (name: string | undefined): NatsNode => {
    const node = started.nodes.find((node) => node.name === name)
    assert.ok(node, `there is no node ${name}`)
    return node
  }
  const all = stack.move()
  return {
    ...started,
    nc,
    named,
    jsm: await jetstreamManager(nc, { checkAPI: false, timeout: ANSWER_MS }),
    js: jetstream(nc, { timeout: ANSWER_MS }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

const routesOf = async (node: NatsNode) => ((await node.ask('/routez')) as { num_routes: number }).num_routes

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + WAIT_MS
  while (!(await condition())) assert.ok(Date.now() < deadline, 'in time')
}

/** What `act` gives in the end: a request that meets a change of leaders gets no answer. */
async function atLast<T>(act: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + WAIT_MS
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (Date.now() > deadline) throw error
    }
  }
}

/** The servers' own refusal, which a request that got no answer is not. */
async function refused(act: () => Promise<unknown>, why: RegExp): Promise<void> {
  const refusal = await atLast(async () => {
    try {
      await act()
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'TimeoutError') throw error
      return error
    }
    return new Error('it was accepted')
  })
  assert.match(refusal.message, why)
}

/** Its sequence, however often it must be sent: the stream knows it by its id. */
const publish = async (js: JetStreamClient, text: string) =>
  (await atLast(() => js.publish('kept', text, { msgID: text }))).seq

test('three nodes make a stream with three copies, which outlives its leader, a lost store and a lame duck', async () => {
  await using nats = await cluster()
  assert.ok(nats.nodes.some(({ name }) => name === nats.nc.info?.server_name))
  // Nobody tells clients of an address that does not go through their proxy.
  assert.equal(nats.nc.info?.connect_urls, undefined)
  assert.ok(await nats.metaLeader())
  await atLast(() => nats.jsm.streams.add(STREAM))
  assert.equal(await publish(nats.js, 'one'), 1)

  const first = nats.named(await nats.leaderOf(STREAM.name))
  await first.kill()
  await until(async () => ![undefined, first.name].includes(await nats.leaderOf(STREAM.name)))
  assert.equal(await publish(nats.js, 'two'), 2)
  await first.wipe()
  await first.start()
  await nats.settled()
  const { cluster: group } = await nats.jsm.streams.info(STREAM.name)
  assert.equal(group?.replicas?.filter((replica) => replica.current).length, 2)

  const second = nats.named(await nats.leaderOf(STREAM.name))
  await second.lameDuck()
  assert.equal(second.running, false)
  assert.equal(await publish(nats.js, 'three'), 3)
  await assert.rejects(first.wipe(), /still runs/)
})

test('the nodes know each other through their proxies only: with these cut, each is alone', async () => {
  await using nats = await cluster()
  const lines = nats.routes.flatMap((route) => route.lines)
  assert.deepEqual(
    nats.routes.map(({ between }) => between.join(' ')),
    ['nats-1 nats-2', 'nats-1 nats-3', 'nats-2 nats-3'],
  )
  for (const line of lines) {
    line.spoil({ kind: 'refuse' })
    line.reset()
  }
  for (const node of nats.nodes) await until(async () => (await routesOf(node)) === 0)
  for (const line of lines) line.heal()
  for (const node of nats.nodes) await until(async () => (await routesOf(node)) > 0)
  await nats.settled()
  await atLast(() => nats.jsm.streams.add(STREAM))
})

test('JetStream may be given so little room that it is full', async () => {
  await using nats = await cluster({ fileStoreBytesMax: 4 * 1024 * 1024 })
  await atLast(() => nats.jsm.streams.add({ ...STREAM, max_bytes: 1024 * 1024, discard: 'new' }))
  // Under 1 MiB are five of these; the ids keep one that was tried again from counting twice.
  const payload = 'x'.repeat(200_000)
  const put = (id: number) => nats.js.publish('kept', payload, { msgID: `${id}` })
  for (let id = 0; id < 5; id++) await atLast(() => put(id))
  await refused(() => put(5), /maximum bytes exceeded/)
  await refused(
    () => nats.jsm.streams.add({ name: 'MORE', subjects: ['more'], max_bytes: 8 * 1024 * 1024 }),
    /insufficient storage/,
  )
})
