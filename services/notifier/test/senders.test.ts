import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startPushServers } from '@switchboard/testkit/push-servers'
import { collapseId, pushId } from '../src/push-id.ts'
import { makePush, makeSenders, sendUntilTaken } from './senders.ts'

test('one push to each provider is accepted by servers that verify what the real ones would', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const apns = { id: 'phone', ...servers.device.apns() }
  const fcm = { id: 'tablet', ...servers.device.fcm() }
  const webpush = { id: 'browser', ...servers.device.webpush() }

  assert.deepEqual(await senders.apns.send(makePush(apns)), {
    kind: 'accepted',
    providerId: pushId('lobby:7', 'phone'),
  })
  const toFirebase = await senders.fcm.send(makePush(fcm))
  assert.match(toFirebase.kind === 'accepted' ? (toFirebase.providerId ?? '') : '', /^projects\/switchboard-test\//)
  const toBrowser = await senders.webpush.send(makePush(webpush))
  assert.match(toBrowser.kind === 'accepted' ? (toBrowser.providerId ?? '') : '', /\/message\/[0-9a-f]{16}$/)

  const text = { title: 'alice', body: 'Hello 👋', badge: 3, room: 'lobby', seq: 7 }
  assert.deepEqual(servers.apns.received.all.at(-1)?.shown, { provider: 'apns', target: apns.target.token, ...text })
  assert.deepEqual(servers.fcm.received.all.at(-1)?.shown, { provider: 'fcm', target: fcm.target.token, ...text })
  const shown = { provider: 'webpush', target: webpush.target.endpoint, ...text }
  assert.deepEqual(servers.webpush.received.all.at(-1)?.shown, shown)
})

test('a retry carries the same id and replaces the same line on the screen', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const phone = { id: 'phone', ...servers.device.apns() }
  await senders.apns.send(makePush(phone))
  await senders.apns.send({ ...makePush(phone), attempt: 1 })
  const ids = servers.apns.received.all.map(({ headers }) => [headers['apns-id'], headers['apns-collapse-id']])
  assert.deepEqual(ids, Array(2).fill([pushId('lobby:7', 'phone'), collapseId('lobby')]))
})

test('APNs: the environment is tried once on a token that did not say where it belongs', async () => {
  await using servers = await startPushServers()
  await using other = await startPushServers()
  const phone = { id: 'phone', ...servers.device.apns() }
  servers.apns.know('00'.repeat(32))
  // The stand-ins have keys of their own, so the second one's refusal of the token is what proves that it was asked.
  await using senders = makeSenders(servers, { sandboxUrl: other.settings.APNS_URL, ca: [servers, other] })
  assert.deepEqual(await senders.apns.send(makePush(phone)), { kind: 'credential', reason: 'InvalidProviderToken' })
  assert.equal(servers.apns.received.all.at(-1)?.reason, 'BadDeviceToken')
  const named = { ...phone, target: { ...phone.target, environment: 'production' as const } }
  assert.deepEqual(await senders.apns.send(makePush(named)), { kind: 'disable-device', reason: 'BadDeviceToken' })
  assert.equal(other.apns.received.count(), 1)
})

test('APNs: a token that Apple calls expired is minted anew once, and the push goes out', async () => {
  let now = Date.now()
  await using servers = await startPushServers({ now: () => now })
  // The notifier's clock stands still, as if it had been suspended: its token grows old without its noticing.
  let notifierNow = now
  await using senders = makeSenders(servers, { now: () => notifierNow })
  const phone = { id: 'phone', ...servers.device.apns() }
  assert.equal((await senders.apns.send(makePush(phone))).kind, 'accepted')
  now += 61 * 60_000
  assert.deepEqual(await senders.apns.send(makePush(phone)), { kind: 'credential', reason: 'ExpiredProviderToken' })
  notifierNow = now - 15 * 60_000
  assert.equal((await senders.apns.send(makePush(phone))).kind, 'accepted')
})

test('APNs: a device that is gone is named with the time that Apple saw it go', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const phone = { id: 'phone', ...servers.device.apns() }
  servers.apns.unregister(phone.target.token, 1_700_000_000_000)
  assert.deepEqual(await senders.apns.send(makePush(phone)), {
    kind: 'forget-device',
    reason: 'Unregistered',
    ifRegisteredBeforeMs: 1_700_000_000_000,
  })
})

test('a payload that the provider finds too large is sent once more without its text', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const phone = { id: 'phone', ...servers.device.apns() }
  const browser = { id: 'browser', ...servers.device.webpush() }
  const tooLarge = { kind: 'answer', answer: { status: 413, body: '{"reason":"PayloadTooLarge"}' } } as const
  servers.apns.plan(tooLarge)
  servers.webpush.plan(tooLarge)
  assert.equal((await senders.apns.send(makePush(phone))).kind, 'accepted')
  assert.equal((await senders.webpush.send(makePush(browser))).kind, 'accepted')
  assert.equal(servers.apns.received.all.at(-1)?.shown?.title, 'New message')
  assert.equal(servers.webpush.received.all.at(-1)?.shown?.body, '')
})

test('FCM: a thousand pushes at once ask for one bearer', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const devices = Array.from({ length: 1000 }, (_, index) => ({ id: `d${index}`, ...servers.device.fcm() }))
  const outcomes = await Promise.all(devices.map((device) => sendUntilTaken(senders.fcm, makePush(device))))
  assert.equal(outcomes.filter(({ kind }) => kind === 'accepted').length, 1000)
  assert.equal(servers.fcm.bearers(), 1)
})

test('FCM: a bearer that was revoked is fetched anew once; one that stays refused is a credential fault', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const phone = { id: 'phone', ...servers.device.fcm() }
  assert.equal((await senders.fcm.send(makePush(phone))).kind, 'accepted')
  servers.fcm.revoke()
  assert.equal((await senders.fcm.send(makePush(phone))).kind, 'accepted')
  assert.equal(servers.fcm.bearers(), 2)
  const refused = { kind: 'answer', answer: { status: 401, body: '{"error":{"status":"UNAUTHENTICATED"}}' } } as const
  servers.fcm.plan(refused, { times: 2, when: ({ path }) => path.endsWith('messages:send') })
  assert.deepEqual(await senders.fcm.send(makePush(phone)), { kind: 'credential', reason: 'UNAUTHENTICATED' })
})

test('FCM: an outage of the token service is waited out, a refusal of our key is not', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const phone = { id: 'phone', ...servers.device.fcm() }
  servers.fcm.plan(
    { kind: 'answer', answer: { status: 503, body: '<html>' } },
    { when: ({ path }) => path === '/token' },
  )
  const outcome = await senders.fcm.send(makePush(phone))
  assert.deepEqual(outcome, {
    kind: 'retry',
    safe: true,
    scope: 'provider',
    afterMs: 10_000,
    reason: 'token status 503',
  })
  await using stranger = makeSenders(servers, { account: { client_email: 'somebody@else' } })
  assert.deepEqual(await stranger.fcm.send(makePush(phone)), { kind: 'credential', reason: 'invalid_grant' })
})

test('FCM: an installation id is sent as such', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  const phone = { id: 'phone', provider: 'fcm' as const, target: { fid: 'cQ1installation' } }
  assert.equal((await senders.fcm.send(makePush(phone))).kind, 'accepted')
  assert.equal(JSON.parse(String(servers.fcm.received.all.at(-1)?.body)).message.fid, 'cQ1installation')
})

test('Web Push: an endpoint on a host that is not allowed is never connected to', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers, { hosts: ['fcm.googleapis.com'] })
  const browser = { id: 'browser', ...servers.device.webpush() }
  const outcome = await senders.webpush.send(makePush(browser))
  assert.deepEqual(outcome, { kind: 'disable-device', reason: 'bad-port' })
  assert.equal(servers.webpush.sessions.length, 0)
})

test('Web Push: an allowed name that resolves to a private address is refused when connecting', async () => {
  await using servers = await startPushServers()
  // `localhost` without a port is an allowed host like any other: only its address is wrong.
  await using senders = makeSenders(servers, { hosts: ['localhost'] })
  const { keys } = servers.device.webpush().target
  const target = { endpoint: 'https://localhost/push/x', keys }
  const outcome = await senders.webpush.send(makePush({ id: 'browser', provider: 'webpush', target }))
  assert.deepEqual(outcome.kind === 'retry' && [outcome.safe, outcome.reason], [true, 'EPRIVATEADDRESS'])
})

test('Web Push: a subscription made for another key is disabled, one that is gone is forgotten', async () => {
  await using servers = await startPushServers()
  await using other = await startPushServers()
  const browser = { id: 'browser', ...servers.device.webpush() }
  await using stranger = makeSenders(servers, { vapid: other })
  assert.deepEqual(await stranger.webpush.send(makePush(browser)), { kind: 'disable-device', reason: 'status 403' })
  await using senders = makeSenders(servers)
  servers.webpush.unsubscribe(browser.target.endpoint)
  assert.equal((await senders.webpush.send(makePush(browser))).kind, 'forget-device')
})
