import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { within } from '@switchboard/runtime/deadline'
import { startChild } from '@switchboard/testkit/child'
import { startPushServers } from '@switchboard/testkit/push-servers'
import { startServers } from '@switchboard/testkit/servers'
import { startWorld } from './system.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** The queue gives the push out again after 30 seconds without a word of its consumer. */
const REDELIVERY_MS_MAX = 60_000

test('a notifier is killed between claim and answer: its successor does not send the push again', async () => {
  await using servers = await startServers({ natsOnly: true })
  await using push = await startPushServers()
  await using world = await startWorld(servers.natsUrl)
  world.addDevice('bob', 'phone', push.device.apns())
  // Apple takes the push, and its answer never comes.
  push.apns.plan({ kind: 'silent' })
  const child = await startChild({
    name: 'notifier',
    command: process.execPath,
    args: [MAIN],
    env: { ...world.env(push), OPERATOR_PORT: '0', OPERATOR_HOST: '127.0.0.1' },
  })
  await world.say('lobby', 'alice', 'Hello')
  await push.apns.received.waitFor(({ shown }) => shown !== undefined, 20_000)
  child.kill('SIGKILL')
  await child.exited

  await using _successor = await world.notifier(push, { settleMs: 1_000 })
  const dead = await within(REDELIVERY_MS_MAX, world.firstDead, 'giving up the push of the killed notifier')
  assert.match(dead.reason, /its sender ended between claim and answer/)
  assert.equal(push.apns.received.count(), 1)

  // Its queue moves on: the next message is pushed.
  await world.say('lobby', 'alice', 'Hello again')
  const next = await push.apns.received.waitFor(({ shown }) => shown?.seq === 2, 20_000)
  assert.equal(next.shown?.body, 'Alice: Hello again')
  assert.equal(push.apns.received.count(), 2)
})
