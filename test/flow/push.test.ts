import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { within } from '@switchboard/runtime/deadline'
import { type PushServers, startPushServers } from '@switchboard/testkit/push-servers'
import { api, type FlowSystem, flowSystem, logIn, Person, WAIT_MS } from './flow-fixture.ts'

let flow: FlowSystem
let phones: PushServers
/** Everything that any phone or browser was shown, and who waits for it. */
const shown: { provider: string; body: string }[] = []
const waiting = new Set<() => void>()

before(async () => {
  phones = await startPushServers({
    onPush: (push) => {
      shown.push({ provider: push.provider, body: push.body })
      for (const look of waiting) look()
    },
  })
  flow = await flowSystem({ serviceEnv: { notifier: phones.settings } })
})
after(async () => {
  await flow[Symbol.asyncDispose]()
  await phones[Symbol.asyncDispose]()
})

async function untilShown(what: string, condition: () => boolean): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = () => condition() && resolve()
  waiting.add(look)
  look()
  await within(WAIT_MS, promise, what)
  waiting.delete(look)
}

/** Resolves when the notifier has decided so many pushes in this way, as its own metric says. */
async function untilDecided(outcome: string, count: number): Promise<void> {
  const line = new RegExp(`^switchboard_notifier_pushes_total{[^}]*outcome="${outcome}"[^}]*} (\\d+)$`, 'gm')
  const deadline = performance.now() + WAIT_MS
  for (;;) {
    const metrics = await (await fetch(`${flow.system.process('notifier').operatorUrl}/metrics`)).text()
    const decided = [...metrics.matchAll(line)].reduce((sum, [, number]) => sum + Number(number), 0)
    if (decided >= count) return
    assert.ok(performance.now() < deadline, `${decided} pushes were decided as ${outcome}`)
  }
}

const register = async (token: string, device: string, body: object) => {
  const { status } = await api(flow.url, { method: 'PUT', path: `/v1/devices/${device}`, token, body })
  assert.equal(status, 204)
}

test('bob is away with two phones, then each is told once of a message, and of none while he looks', async () => {
  const [aliceToken, bobToken] = await Promise.all(['alice', 'bob'].map((user) => logIn(flow.url, user)))
  assert.ok(aliceToken && bobToken)
  using alice = await new Person(flow.url, aliceToken).connect()
  const { room } = await alice.rpc<{ room: string }>('room.create', {
    cid: 'push',
    kind: 'group',
    title: 'Push',
    members: ['bob'],
  })
  await register(bobToken, 'iphone', phones.device.apns())
  await register(bobToken, 'pixel', phones.device.fcm())

  await alice.rpc('message.send', { cid: 'one', room, text: 'are you there?' })
  await untilShown('both phones', () => shown.length === 2)
  assert.deepEqual(shown.map(({ provider }) => provider).sort(), ['apns', 'fcm'])
  for (const { body } of shown) assert.match(body, /are you there\?/)

  // Whoever has asked who is online is told of changes.
  await alice.rpc('room.online', { room })
  const isTold = (change: 'online' | 'offline') =>
    alice.signals.some(
      ({ type, [change]: users }) => type === 'presence' && Array.isArray(users) && users.includes('bob'),
    )

  // While he looks there is nothing to show; when he has gone there is again.
  using bob = await new Person(flow.url, bobToken).connect()
  await alice.until('the word that bob is online', () => isTold('online'))
  await alice.rpc('message.send', { cid: 'two', room, text: 'you are looking at this' })
  await bob.until('the second message', () =>
    bob.messages(`room:${room}`).some(({ text }) => text === 'you are looking at this'),
  )
  await untilDecided('looking', 2)
  bob.client.disconnect()
  await alice.until('the word that bob is offline', () => isTold('offline'))
  await alice.rpc('message.send', { cid: 'three', room, text: 'gone again?' })
  await untilShown('both phones again', () => shown.length >= 4)
  assert.deepEqual(
    shown.filter(({ body }) => /looking/.test(body)),
    [],
  )
  assert.equal(shown.length, 4)
  for (const server of [phones.apns, phones.fcm]) {
    const refused = server.received.all.filter(({ status }) => status !== 200)
    assert.deepEqual(refused, [])
  }
})
