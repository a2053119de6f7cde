import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { names } from '@switchboard/contracts/subjects'
import { api, logIn, Person } from '../../flow/flow-fixture.ts'
import { type RunningWorld, startWorld } from '../world.ts'
import { until } from '../world-until.ts'

let world: RunningWorld
before(async () => {
  world = await startWorld()
})
after(() => world[Symbol.asyncDispose]())

const link = (name: string) => {
  const found = world.links.find((link) => link.name === name)
  assert.ok(found, `there is no link ${name}`)
  return found
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Sends until it is answered, as a client does that wants its message kept: the same cid each time. */
async function send(person: Person, message: { cid: string; room: string; text: string }): Promise<number> {
  const deadline = Date.now() + 60_000
  for (;;) {
    try {
      return (await person.rpc<{ seq: number }>('message.send', message)).seq
    } catch (error) {
      if (Date.now() > deadline) throw error
      await person.client.ready(60_000)
    }
  }
}

test('a message goes through the common address, also after the leader of its stream was killed and all was healed', async () => {
  const [aliceToken = '', bobToken = ''] = await Promise.all(['alice', 'bob'].map((user) => logIn(world.url, user)))
  using alice = await new Person(world.url, aliceToken).connect()
  using bob = await new Person(world.url, bobToken).connect()
  assert.deepEqual([link('clients → edge-1').open > 0, link('clients → edge-2').open > 0], [true, true])
  const { room } = await alice.rpc<{ room: string }>('room.create', { cid: 'w', kind: 'group', members: ['bob'] })
  assert.equal(await send(alice, { cid: '1', room, text: 'one' }), 2)
  await bob.until('the first message', () => bob.messages(`room:${room}`).length === 1)

  const leaders = await Promise.all([0, 1, 2, 3].map((s) => world.leaderOf(names(world.namespace).logStream(s))))
  const leader = leaders.find((node) => node !== undefined)
  assert.ok(leader, 'a stream has a leader')
  await leader.kill()
  assert.equal(leader.running, false)
  assert.equal(await send(alice, { cid: '2', room, text: 'two' }), 3)
  await bob.until('the second message', () => bob.messages(`room:${room}`).length === 2)
  await world.healAll()
  assert.ok(world.nats.every((node) => node.running))
  assert.equal(await send(alice, { cid: '3', room, text: 'three' }), 4)
  await bob.until('the third message', () => bob.messages(`room:${room}`).length === 3)
})

test('a service is killed, frozen, rolled and its clock stepped, and what it counted is not forgotten', async () => {
  const [router, other] = world.of('router')
  assert.ok(router && other)
  const started = [...(await world.counters()).keys()].find((name) => name.startsWith('process_cpu_seconds_total'))
  assert.ok(started)
  const before = (await world.counters()).get(started) ?? 0
  await router.kill()
  assert.deepEqual([router.running, (await router.metrics()).size], [false, 0])
  await router.start()
  assert.ok((await router.metrics()).size > 0)
  await other.roll()
  assert.ok(((await world.counters()).get(started) ?? 0) >= before)
  other.freeze()
  assert.equal((await other.metrics()).size, 0)
  other.thaw()
  await router.stepClock(3_600_000)
  await world.healAll()
  assert.ok((await other.metrics()).size > 0)
  assert.deepEqual(world.deaths, [])
})

test('an edge keeps its address when it is killed, and the common address leads to the other one', async () => {
  const [edge] = world.of('edge')
  assert.ok(edge)
  await edge.kill()
  for (let i = 0; i < 2; i++) assert.equal((await api(world.url, { path: '/v1/rooms' })).status, 401)
  await assert.rejects(fetch(`${world.edgeUrls[0]}/v1/rooms`))
  await edge.start()
  assert.equal((await api(world.edgeUrls[0] ?? '', { path: '/v1/rooms' })).status, 401)
})

test('the database goes away and comes back on the same data', async () => {
  await world.mongo.kill()
  assert.equal(world.mongo.running, false)
  await world.healAll()
  assert.equal(world.mongo.running, true)
  await logIn(world.url, 'alice')
})

test('when a process ends without having been told to, then it is written down', async () => {
  const [notifier] = world.of('notifier')
  assert.ok(notifier)
  process.kill(world.services.find(({ name }) => name === notifier.name)?.pid ?? 0, 'SIGKILL')
  await until('its end is noticed', 20_000, async () => world.deaths.length > 0)
  assert.equal(world.deaths[0]?.name, notifier.name)
  await world.healAll()
})

test('after its end nothing of it runs', async () => {
  const pids = world.services.map((service) => service.pid)
  assert.ok(pids.every(isRunning))
  await world[Symbol.asyncDispose]()
  assert.ok(!pids.some(isRunning))
  assert.ok(world.nats.every((node) => !node.running))
})
