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
  await world.settled(SOON_MS)
  assert.deepEqual(
    [push.apns, push.fcm, push.webpush].map((server) => shownOf(server).length),
    [1, 1, 1],
  )
  assert.deepEqual(world.dead, [])
})

test('bob is online and looking: no push; when his edge dies, there is one again', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using edge = await world.edge(['bob'])
  await using _notifier = await world.notifier(push, DELAY)
  const phone = push.device.apns()
  world.addDevice('bob', 'phone', phone)
  await world.say('lobby', 'alice', 'while he looks')
  await world.settled(SOON_MS)
  assert.equal(push.apns.received.all.filter(({ path }) => path.endsWith(phone.target.token)).length, 0)
  await edge[Symbol.asyncDispose]()
  // The lease is looked at once a second: messages go on until one is pushed.
  const deadline = performance.now() + SOON_MS
  while (push.apns.received.count() === 0) {
    assert.ok(performance.now() < deadline, 'no message was pushed after he left')
    await world.say('lobby', 'alice', 'after he left')
    await world.settled(SOON_MS)
  }
  assert.equal(push.apns.received.all[0]?.shown?.body, 'Alice: after he left')
})

test('bob reads the message on another device before the delay ends: no push', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, { delayMs: 1_000 })
  const phone = push.device.apns()
  world.addDevice('bob', 'phone', phone)
  const seq = await world.say('lobby', 'alice', 'read at once')
  await world.markRead('lobby', 'bob', seq)
  await world.settled(SOON_MS)
  assert.equal(push.apns.received.all.filter(({ path }) => path.endsWith(phone.target.token)).length, 0)
})

test('bob writes below the message before the delay ends, then he is not told of it, and alice is of his', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, { delayMs: 1_000 })
  const [his, hers] = [push.device.apns(), push.device.apns()]
  world.addDevice('bob', 'phone', his)
  world.addDevice('alice', 'phone', hers)
  await world.say('lobby', 'alice', 'are you there')
  await world.say('lobby', 'bob', 'yes')
  await world.settled(SOON_MS)
  const told = (phone: typeof his) => push.apns.received.all.filter(({ path }) => path.endsWith(phone.target.token))
  assert.deepEqual([told(his).length, told(hers).length], [0, 1])
})

test('a room of many: nobody is told until somebody is mentioned, and then only they are read', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, { delayMs: 0 })
  const phone = push.device.apns()
  for (let i = 100; i < 350; i += 1) world.addDevice(`user${i}`, 'phone', i === 340 ? phone : push.device.apns())
  await world.say('hall', 'alice', 'to all')
  await world.settled(SOON_MS)
  assert.deepEqual([push.apns.received.all.length, world.pagesAsked()], [0, 1])
  await world.say('hall', 'alice', 'to one', ['user340'])
  await world.settled(SOON_MS)
  const paths = push.apns.received.all.map(({ path }) => path)
  assert.deepEqual([paths.length, world.pagesAsked()], [1, 2])
  assert.ok(paths[0]?.endsWith(phone.target.token))
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
  await world.settled(SOON_MS)
  assert.deepEqual(world.forgotten, [
    { user: 'bob', device: 'phone', registered_before: 1_700_000_000_000, reason: 'Unregistered' },
  ])
})

test('two people whose devices have the same name both get their push', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _notifier = await world.notifier(push, DELAY)
  const [bobs, carols] = [push.device.apns(), push.device.apns()]
  world.addDevice('bob', 'phone', bobs)
  world.addDevice('carol', 'phone', carols)
  await world.say('lobby', 'alice', 'Hello both')
  const both = [bobs, carols].map(({ target }) =>
    push.apns.received.waitFor(({ path, shown }) => shown !== undefined && path.endsWith(target.token), SOON_MS),
  )
  const ids = (await Promise.all(both)).map(({ headers }) => headers['apns-id'])
  assert.equal(new Set(ids).size, 2)
})

test('two notifiers share the work: a hundred messages give a hundred pushes', async () => {
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  await using _one = await world.notifier(push, DELAY)
  await using _two = await world.notifier(push, DELAY)
  world.addDevice('bob', 'phone', push.device.apns())
  for (let index = 0; index < 100; index += 1) await world.say(`room${index % 10}`, 'alice', `message ${index}`)
  await push.apns.received.waitFor(() => push.apns.received.count() >= 100, SOON_MS)
  await world.settled(SOON_MS)
  const ids = shownOf(push.apns).map(({ headers }) => headers['apns-id'])
  assert.deepEqual([ids.length, new Set(ids).size], [100, 100])
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
  await world.settled(SOON_MS, { waiting: 1 })
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
  await world.settled(SOON_MS)
  assert.deepEqual(
    world.dead.map(({ reason }) => reason),
    ['the provider refuses it for good (BadTopic)'],
  )
  const claim = await readClaim<{ owner: string }>(world.bus, 'lobby.1.bob.phone')
  assert.equal(typeof claim?.value.owner, 'string')
})
