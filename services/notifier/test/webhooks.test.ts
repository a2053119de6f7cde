import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Standing } from '@switchboard/contracts/desk-events'
import type { Conversation } from '@switchboard/contracts/desks'
import { WEBHOOK_EVENTS, type WebhookEvent } from '@switchboard/contracts/webhooks'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { isSigned, startWebhookReceiver, type WebhookReceiver } from '@switchboard/testkit/webhook-receiver'
import { startWorld, type World } from './system.ts'

let servers: Servers
before(async () => {
  servers = await startServers({ natsOnly: true })
})
after(() => servers[Symbol.asyncDispose]())

const SOON_MS = 20_000
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const ROOM = 'd1-abcdefghijklmnopqrstu'
const STANDING: Standing = { desk: 'd1', visitor: 'vera', agent: 'ann', state: 'assigned', revision: 3 }
const conversation = { conversation: ROOM, desk: 'd1', visitor: 'vera', agent: null, state: 'queued' } as Conversation

const name = (world: World, url: string, events: readonly WebhookEvent[] = WEBHOOK_EVENTS): void => {
  const hook = `hook-${world.webhooks.length}`
  world.webhooks.push({ hook, url, desk: null, events: [...events], changed_at: 1, secrets: [SECRET] })
}
const notifierFor = (world: World, receiver: WebhookReceiver, delayMs = 300) =>
  world.notifier({ settings: { WEBHOOK_HOSTS: receiver.host } }, { delayMs, random: () => 0 })

test('a conversation begins and something is said, then the endpoint is told of both, signed, each once', async () => {
  await using receiver = await startWebhookReceiver()
  await using world = await startWorld(servers.natsUrl, 'conversation', STANDING)
  name(world, `${receiver.url}/hooks?of=us`)
  await using _one = await notifierFor(world, receiver)
  await using _two = await notifierFor(world, receiver)
  await world.decide('d1', { change: 'entered', conversation, details: { form: { email: 'vera@example.org' } } })
  await world.decide('d1', { change: 'heard', conversation })
  await world.say(ROOM, 'vera', 'my parcel is late')
  await world.settled(SOON_MS)
  assert.deepEqual(receiver.all.map(({ body }) => body.type).sort(), ['conversation.entered', 'message'])
  for (const received of receiver.all) {
    assert.ok(isSigned(received, SECRET), 'the signature is ours')
    assert.ok(!isSigned({ ...received, raw: `${received.raw} ` }, SECRET))
    assert.ok(!isSigned({ ...received, timestamp: received.timestamp + 1 }, SECRET))
    assert.ok(Math.abs(Date.now() / 1_000 - received.timestamp) < 60)
    assert.deepEqual([received.path, received.body.desk, received.body.conversation], ['/hooks?of=us', 'd1', ROOM])
  }
  assert.match(
    receiver.all.map(({ raw }) => raw).join(),
    /vera@example.org.*my parcel is late|my parcel is late.*vera@/,
  )
})

test('an endpoint that fails is tried again with the same id, one that refuses is not, and what it refused is a dead letter', async () => {
  await using receiver = await startWebhookReceiver()
  await using world = await startWorld(servers.natsUrl, 'conversation', STANDING)
  name(world, receiver.url, ['message'])
  await using _notifier = await notifierFor(world, receiver)
  receiver.answers.push(500, 503)
  await world.say(ROOM, 'vera', 'first')
  await receiver.until('the third try', ({ status }) => status === 204)
  await world.settled(SOON_MS)
  assert.deepEqual(
    receiver.all.map(({ status }) => status),
    [500, 503, 204],
  )
  assert.equal(new Set(receiver.all.map(({ id }) => id)).size, 1)
  receiver.answers.push(422)
  await world.say(ROOM, 'vera', 'second')
  assert.equal((await world.firstDead).reason, 'the provider refuses it for good (status 422)')
  await world.settled(SOON_MS)
  assert.equal(receiver.all.length, 4)
})

test('an answer that its visitor does not see is told once more; one that they look at is not', async () => {
  await using receiver = await startWebhookReceiver()
  await using world = await startWorld(servers.natsUrl, 'conversation', STANDING)
  name(world, receiver.url, ['message.unseen'])
  await using _notifier = await notifierFor(world, receiver, 500)
  const seen = await world.say(ROOM, 'ann', 'it is on its way')
  await world.markRead(ROOM, 'vera', seen)
  await world.settled(SOON_MS)
  assert.deepEqual(receiver.all, [])
  await world.say(ROOM, 'ann', 'it should be there tomorrow')
  const { body } = await receiver.until('the answer', ({ raw }) => raw.includes('tomorrow'))
  assert.equal(body.type, 'message.unseen')
  await world.settled(SOON_MS)
  await using _edge = await world.edge(['vera'])
  // Who is there is told by their edge, which may be a moment behind: what is said once it is known, is seen.
  let told = receiver.all.length
  for (let isThere = false; !isThere; ) {
    await world.say(ROOM, 'ann', 'are you there?')
    await world.settled(SOON_MS)
    isThere = receiver.all.length === told
    told = receiver.all.length
    assert.ok(told < 50, 'what she looks at is told all the same')
  }
})

test('an endpoint in the private network, unless the operator named it, is never connected to', async () => {
  await using receiver = await startWebhookReceiver()
  await using world = await startWorld(servers.natsUrl, 'conversation', STANDING)
  name(world, receiver.url)
  await using _notifier = await world.notifier({ settings: {} }, { delayMs: 0 })
  await world.decide('d1', { change: 'entered', conversation })
  await world.settled(SOON_MS)
  assert.deepEqual([receiver.all, world.dead], [[], []])
})
