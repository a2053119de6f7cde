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

  // While he looks there is nothing to show: the message after he has gone again proves that the one before brought nothing.
  using bob = await new Person(flow.url, bobToken).connect()
  await alice.rpc('message.send', { cid: 'two', room, text: 'you are looking at this' })
  await bob.until('the second message', () =>
    bob.messages(`room:${room}`).some(({ text }) => text === 'you are looking at this'),
  )
  await bob.rpc('mark.read', { room, seq: bob.events(`room:${room}`).at(-1)?.seq })
  bob.client.disconnect()
  await alice.until('bob is offline', () => true)
  const isOffline = async () => {
    const { users } = await alice.rpc<{ users: { online: boolean }[] }>('presence.get', { users: ['bob'] })
    return users[0]?.online === false
  }
  const deadline = performance.now() + WAIT_MS
  while (!(await isOffline())) assert.ok(performance.now() < deadline, 'bob never went offline')
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
