import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type PushServers, startPushServers } from '@switchboard/testkit/push-servers'
import { isSigned, startWebhookReceiver, type WebhookReceiver } from '@switchboard/testkit/webhook-receiver'
import { api, type FlowSystem, flowSystem, logIn, Person, WAIT_MS } from './flow-fixture.ts'

const KEY = 'key-of-this-test'
const headers = { 'x-api-key': KEY }
let flow: FlowSystem
let receiver: WebhookReceiver
let phones: PushServers
let cids = 0
const cid = () => {
  cids += 1
  return `hooks-flow-${cids}`
}

before(async () => {
  receiver = await startWebhookReceiver()
  phones = await startPushServers()
  const env = { API_KEYS: KEY, WEBHOOK_HOSTS: receiver.host }
  flow = await flowSystem({ env, serviceEnv: { notifier: phones.settings } })
})
after(async () => {
  await flow[Symbol.asyncDispose]()
  await receiver[Symbol.asyncDispose]()
  await phones[Symbol.asyncDispose]()
})

const put = (hook: string, body: object) =>
  api(flow.url, { method: 'PUT', path: `/v1/webhooks/${hook}`, headers, body })

/** A desk that never opens until `open`, with alice as its agent. */
async function closedDesk(desk: string) {
  const made = { desk, title: 'D', hours: [] }
  assert.equal((await api(flow.url, { method: 'POST', path: '/v1/desks', headers, body: made })).status, 201)
  const alice = await new Person(flow.url, await logIn(flow.url, 'alice')).connect()
  const agent = { method: 'PUT', path: `/v1/desks/${desk}/agents/alice`, headers, body: { capacity: 2 } }
  assert.equal((await api(flow.url, agent)).status, 200)
  const open = async () => {
    const request = { method: 'PUT', path: `/v1/desks/${desk}`, headers, body: { hours: null } }
    assert.equal((await api(flow.url, request)).status, 200)
    await alice.rpc('desk.status', { cid: cid(), desk, status: 'online' })
  }
  return { alice, open }
}

test('a webhook is named by administrators alone, at a place that is allowed, and its secret is shown once', async () => {
  const url = `${receiver.url}/named`
  const strange = await api(flow.url, {
    method: 'PUT',
    path: '/v1/webhooks/x',
    token: await logIn(flow.url, 'bob'),
    body: { url },
  })
  assert.equal(strange.status, 403)
  for (const bad of [
    'http://shop.example/',
    'https://127.0.0.1/',
    'https://169.254.169.254/latest',
    'https://u:p@shop.example/',
  ]) {
    const refused = await put('x', { url: bad })
    assert.deepEqual([refused.status, refused.body.error.field], [400, 'url'], bad)
  }
  assert.equal((await put('x', { url, desk: 'nowhere' })).status, 404)
  assert.equal((await put('x', { url, events: ['all'] })).status, 400)
  const made = await put('x', { url, events: ['conversation.rated'] })
  assert.equal(made.status, 201)
  assert.match(made.body.secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  const again = await put('x', { url, events: ['conversation.rated'] })
  assert.deepEqual([again.status, again.body.secret], [200, undefined])
  assert.notEqual((await put('x', { url, rotate: true })).body.secret, made.body.secret)
  const { body } = await api(flow.url, { path: '/v1/webhooks', headers })
  assert.deepEqual(
    body.webhooks.map((one: { hook: string }) => [one.hook, 'secret' in one]),
    [['x', false]],
  )
  assert.equal((await api(flow.url, { method: 'DELETE', path: '/v1/webhooks/x', headers })).status, 204)
  assert.equal((await api(flow.url, { method: 'DELETE', path: '/v1/webhooks/x', headers })).status, 404)
})

test('a visitor comes at night and leaves a message, it waits for agents, and the answer finds them gone', async () => {
  const desk = 'flow-night'
  const { alice, open } = await closedDesk(desk)
  using _alice = alice
  const { secret } = (await put('night', { url: `${receiver.url}/night`, desk })).body
  const { body } = await api(flow.url, { method: 'POST', path: '/v1/visitors', body: { desk } })
  const phone = { path: '/v1/devices/phone', token: body.token, body: phones.device.fcm() }
  assert.equal((await api(flow.url, { method: 'PUT', ...phone })).status, 204)
  const visitor = await new Person(flow.url, body.token).connect()
  const form = { name: 'Vera', email: 'vera@example.org' }
  const entered = await visitor.rpc<{ conversation: string; room: string; open: boolean; online: number }>(
    'desk.enter',
    {
      ...{ cid: cid(), desk, form },
    },
  )
  const { conversation, room } = entered
  assert.deepEqual([entered.open, entered.online], [false, 0])
  await visitor.until('the room', () => visitor.subscribed.some(({ channel }) => channel === `room:${room}`))
  await visitor.rpc('message.send', { cid: cid(), room, text: 'my parcel is late' })
  const of = (type: string) => receiver.until(type, (one) => one.path === '/night' && one.body.type === type)
  const began = await of('conversation.entered')
  assert.match(began.raw, /vera@example\.org/)
  assert.match((await of('message.offline')).raw, /my parcel is late/)
  visitor[Symbol.dispose]()

  await open()
  const offers = () =>
    alice.all('user:alice').filter((one) => one.type === 'offer' && one.conversation === conversation)
  await alice.until('an offer', () => offers().length > 0)
  await alice.rpc('desk.accept', { cid: cid(), offer: offers()[0]?.offer })
  await alice.rpc('message.send', { cid: cid(), room, text: 'it will be there tomorrow' })
  const unseen = await of('message.unseen')
  assert.match(unseen.raw, /it will be there tomorrow/)
  const pushed = await phones.fcm.received.waitFor(({ shown }) => shown !== undefined, WAIT_MS)
  assert.match(pushed.shown?.body ?? '', /it will be there tomorrow/)
  await of('conversation.assigned')
  const all = receiver.all.filter(({ path }) => path === '/night')
  assert.ok(all.every((one) => isSigned(one, secret)))
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length)
  assert.ok(all.every((one) => one.body.conversation === conversation && one.body.desk === desk))
})
