import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { readClaim } from '@switchboard/bus/claim'
import { type PushServers, startPushServers } from '@switchboard/testkit/push-servers'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { startWorld } from './system.ts'

let servers: Servers

before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(async () => {
  await servers[Symbol.asyncDispose]()
})

const SOON_MS = 15_000
const DELAY = { delayMs: 300 }
const shownOf = (push: Pick<PushServers['apns'], 'received'>) =>
  push.received.all.filter(({ shown }) => shown !== undefined)

/** A message to carol, sent after the others, has arrived: what was planned before it has been looked at. */
async function marker(push: PushServers, world: Awaited<ReturnType<typeof startWorld>>): Promise<void> {
  const { target } = push.device.apns()
  world.members.clear()
  world.addDevice('carol', 'marker', { provider: 'apns', target })
  await world.say('lobby', 'alice', 'marker')
  await push.apns.received.waitFor(({ path }) => path.endsWith(target.token), SOON_MS)
}

test('bob is away with three kinds of device: each push server gets one valid request for one message', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, DELAY)
  world.addDevice('bob', 'phone', push.device.apns())
  world.addDevice('bob', 'tablet', push.device.fcm())
  world.addDevice('bob', 'browser', push.device.webpush())
  await world.say('lobby', 'alice', 'Hello bob')
  const shown = await Promise.all(
    [push.apns, push.fcm, push.webpush].map((server) =>
      server.received.waitFor((record) => record.shown !== undefined, SOON_MS),
    ),
  )
  for (const record of shown) {
    assert.deepEqual(
      [record.shown?.title, record.shown?.body, record.shown?.room, record.shown?.seq, record.shown?.badge],
      ['Lobby', 'Alice: Hello bob', 'lobby', 1, 1],
    )
  }
  await marker(push, world)
  assert.deepEqual(
    [push.apns, push.fcm, push.webpush].map((server) => shownOf(server).length),
    [2, 1, 1],
  )
  assert.deepEqual(world.dead, [])
})

test('bob is online and looking: no push; when his edge dies, there is one again', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  const edge = await world.edge(['bob'])
  await using _notifier = await world.notifier(push, DELAY)
  const phone = push.device.apns()
  world.addDevice('bob', 'phone', phone)
  await world.say('lobby', 'alice', 'while he looks')
  await marker(push, world)
  assert.equal(push.apns.received.all.filter(({ path }) => path.endsWith(phone.target.token)).length, 0)
  await edge[Symbol.asyncDispose]()
  world.members.clear()
  world.addDevice('bob', 'phone', phone)
  // The lease is looked at once a second; messages go on until one is pushed.
  const pushed = push.apns.received.waitFor(({ path }) => path.endsWith(phone.target.token), SOON_MS)
  const saying = setInterval(() => world.say('other', 'alice', 'after he left').catch(() => undefined), 200)
  try {
    assert.equal((await pushed).shown?.body, 'Alice: after he left')
  } finally {
    clearInterval(saying)
  }
})

test('bob reads the message on another device before the delay ends: no push', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, { delayMs: 1_000 })
  const phone = push.device.apns()
  world.addDevice('bob', 'phone', phone)
  const seq = await world.say('lobby', 'alice', 'read at once')
  await world.markRead('lobby', 'bob', seq)
  await marker(push, world)
  assert.equal(push.apns.received.all.filter(({ path }) => path.endsWith(phone.target.token)).length, 0)
})

test('a device that Apple calls gone is forgotten as of the time Apple says', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, DELAY)
  const phone = push.device.apns()
  push.apns.unregister(phone.target.token, 1_700_000_000_000)
  world.addDevice('bob', 'phone', phone)
  await world.say('lobby', 'alice', 'anybody there?')
  await push.apns.received.waitFor(({ status }) => status === 410, SOON_MS)
  await marker(push, world)
  assert.deepEqual(world.forgotten, [
    { user: 'bob', device: 'phone', registered_before: 1_700_000_000_000, reason: 'Unregistered' },
  ])
})

test('two notifiers share the work: a hundred messages give a hundred pushes', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _one = await world.notifier(push, DELAY)
  await using _two = await world.notifier(push, DELAY)
  world.addDevice('bob', 'phone', push.device.apns())
  for (let index = 0; index < 100; index += 1) await world.say(`room${index % 10}`, 'alice', `message ${index}`)
  await push.apns.received.waitFor(() => push.apns.received.count() >= 100, SOON_MS)
  await marker(push, world)
  const ids = shownOf(push.apns).map(({ headers }) => headers['apns-id'])
  assert.deepEqual([ids.length, new Set(ids).size], [101, 101])
})

test('a provider that is unavailable for a while is tried again with the same id', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, { ...DELAY, random: () => 0 })
  world.addDevice('bob', 'phone', push.device.apns())
  push.apns.plan({ kind: 'answer', answer: { status: 503, body: '{"reason":"ServiceUnavailable"}' } }, { times: 2 })
  await world.say('lobby', 'alice', 'Hello')
  await push.apns.received.waitFor(({ status }) => status === 200, SOON_MS)
  const ids = push.apns.received.all.map(({ headers, status }) => [headers['apns-id'], status])
  assert.deepEqual(
    ids,
    [503, 503, 200].map((status) => [ids[0]?.[0], status]),
  )
})

test('a notifier that stops gives back what waits, and its successor sends it', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  const first = await world.notifier(push, { delayMs: 2_000 })
  world.addDevice('bob', 'phone', push.device.apns())
  await world.say('lobby', 'alice', 'Hello')
  await untilPlanned(world, 1)
  await first[Symbol.asyncDispose]()
  assert.equal(push.apns.received.count(), 0)
  await using _second = await world.notifier(push, DELAY)
  await push.apns.received.waitFor(({ shown }) => shown !== undefined, SOON_MS)
})

test('a push that Apple refuses for good is a dead letter with its reason', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, DELAY)
  world.addDevice('bob', 'phone', push.device.apns())
  push.apns.plan({ kind: 'answer', answer: { status: 400, body: '{"reason":"BadTopic"}' } })
  await world.say('lobby', 'alice', 'Hello')
  await marker(push, world)
  assert.deepEqual(
    world.dead.map(({ reason }) => reason),
    ['the provider refuses it for good (BadTopic)'],
  )
  const claim = await readClaim<{ owner: string }>(world.bus, 'lobby.1.phone')
  assert.equal(typeof claim?.value.owner, 'string')
})

/** Waits until the work queue holds this many pushes. */
async function untilPlanned(world: Awaited<ReturnType<typeof startWorld>>, count: number): Promise<void> {
  const deadline = Date.now() + SOON_MS
  for (;;) {
    const { state } = await world.bus.jsm.streams.info(world.bus.names.pushesStream)
    if (state.messages >= count) return
    if (Date.now() > deadline) throw new Error(`no ${count} pushes were planned`)
  }
}
