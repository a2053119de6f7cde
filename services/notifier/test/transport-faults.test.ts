import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { createSlots } from '@switchboard/runtime/slots'
import { type PushServers, startPushServers } from '@switchboard/testkit/push-servers'
import type { ApnsDevice, Outcome } from '../src/outcome.ts'
import { makePush, makeSenders, sendUntilTaken } from './senders.ts'

/*
 * What the transport must survive (anchors: HTTP/2 of APNs and FCM). These gate every update of undici: its HTTP/2 has
 * regressed in a minor version before.
 */

const phones = (servers: PushServers, count: number): ApnsDevice[] =>
  Array.from({ length: count }, (_, index) => ({ id: `phone-${index}`, ...servers.device.apns() }))

const count = (outcomes: readonly Outcome[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const outcome of outcomes) {
    const key = outcome.kind === 'retry' ? `retry ${outcome.safe ? 'safe' : 'unknown'}` : outcome.kind
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

/** How often each push was shown: none may be shown twice by the transport's own doing. */
const shownTwice = (servers: PushServers): number => {
  const ids = servers.apns.received.all
    .filter(({ shown }) => shown !== undefined)
    .map(({ headers }) => headers['apns-id'])
  return ids.length - new Set(ids).size
}

const wideOpen = { apnsStreams: { first: 1000, later: 1000 } }

test('when the server allows 1 stream and then 1000, then 300 pushes at once all arrive', async () => {
  await using servers = await startPushServers({ apnsStreams: { first: 1, later: 1000 } })
  await using senders = makeSenders(servers)
  const outcomes = await Promise.all(phones(servers, 300).map((phone) => sendUntilTaken(senders.apns, makePush(phone))))
  assert.deepEqual(count(outcomes), { accepted: 300 })
  assert.equal(shownTwice(servers), 0)
  assert.ok(servers.apns.sessions.length <= 2, `${servers.apns.sessions.length} connections`)
})

test('when the server says GOAWAY with 200 in flight, then all arrive, some over another connection', async () => {
  await using servers = await startPushServers(wideOpen)
  await using senders = makeSenders(servers)
  const release = Promise.withResolvers<void>()
  servers.apns.plan({ kind: 'hold', until: release.promise }, { times: 200 })
  const sends = phones(servers, 200).map((phone) => senders.apns.send(makePush(phone)))
  await servers.apns.received.waitFor(() => servers.apns.received.count() >= 100, 5_000)
  const [session] = servers.apns.sessions
  assert.ok(session)
  session.goaway(101)
  release.resolve()
  assert.deepEqual(count(await Promise.all(sends)), { accepted: 200 })
  assert.ok(servers.apns.sessions.length >= 2, 'a second connection was opened')
})

test('when the server refuses streams, then they are sent again at once and shown once', async () => {
  await using servers = await startPushServers(wideOpen)
  await using senders = makeSenders(servers)
  servers.apns.plan({ kind: 'reset', code: 7 }, { times: 20 })
  const outcomes = await Promise.all(phones(servers, 20).map((phone) => senders.apns.send(makePush(phone))))
  const counts = count(outcomes)
  // A push that met two of the refusals is given back: still provably not shown.
  assert.equal((counts.accepted ?? 0) + (counts['retry safe'] ?? 0), 20)
  assert.equal(counts['retry unknown'], undefined)
  assert.equal(shownTwice(servers), 0)
})

test('when a server refuses the same push every time, then it comes back as safe to retry', async () => {
  await using servers = await startPushServers(wideOpen)
  await using senders = makeSenders(servers)
  const [phone] = phones(servers, 1)
  assert.ok(phone)
  servers.apns.plan({ kind: 'reset', code: 7 }, { times: 10 })
  const outcome = await senders.apns.send(makePush(phone))
  assert.deepEqual(outcome.kind === 'retry' && [outcome.safe, outcome.reason], [true, 'REFUSED_STREAM'])
})

test('when the connection is cut with pushes in flight, then their fate is unknown, and the next works', async () => {
  await using servers = await startPushServers(wideOpen)
  await using senders = makeSenders(servers)
  servers.apns.plan({ kind: 'silent' }, { times: 50 })
  const sends = phones(servers, 50).map((phone) => senders.apns.send(makePush(phone)))
  await servers.apns.received.waitFor(() => servers.apns.received.count() >= 50, 5_000)
  for (const session of servers.apns.sessions) session.destroy()
  assert.deepEqual(count(await Promise.all(sends)), { 'retry unknown': 50 })
  const [phone] = phones(servers, 1)
  assert.ok(phone)
  assert.equal((await senders.apns.send(makePush(phone))).kind, 'accepted')
})

test('when all streams wait for a provider that answers none, then what comes is given back, and not shown later', async () => {
  await using servers = await startPushServers({ apnsStreams: { first: 2, later: 2 } })
  await using senders = makeSenders(servers)
  const release = Promise.withResolvers<void>()
  servers.apns.plan({ kind: 'hold', until: release.promise }, { times: 4 })
  const held = phones(servers, 4).map((phone) => senders.apns.send(makePush(phone)))
  await servers.apns.received.waitFor(() => servers.apns.received.count() >= 4, 5_000)
  const late = phones(servers, 20).map((phone) => senders.apns.send(makePush(phone)))
  assert.deepEqual(count(await Promise.all(late)), { 'retry safe': 20 })
  release.resolve()
  assert.deepEqual(count(await Promise.all(held)), { accepted: 4 })
  const [next] = phones(servers, 1)
  assert.ok(next)
  assert.equal((await senders.apns.send(makePush(next))).kind, 'accepted')
  assert.equal(servers.apns.received.count(), 5, 'the late ones never reached it')
})

test('when a stream is reset after it was sent, then its fate is unknown', async () => {
  await using servers = await startPushServers(wideOpen)
  await using senders = makeSenders(servers)
  servers.apns.plan({ kind: 'reset', code: 2 })
  const [phone] = phones(servers, 1)
  assert.ok(phone)
  assert.deepEqual(count([await senders.apns.send(makePush(phone))]), { 'retry unknown': 1 })
})

test('when the server never answers, then the deadline ends it as unknown, for each provider', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers, { headersMsMax: 300 })
  for (const server of [servers.apns, servers.fcm, servers.webpush]) {
    server.plan({ kind: 'silent' }, { when: ({ path }) => path !== '/token' })
  }
  const outcomes = await Promise.all([
    senders.apns.send(makePush({ id: 'a', ...servers.device.apns() })),
    senders.fcm.send(makePush({ id: 'b', ...servers.device.fcm() })),
    senders.webpush.send(makePush({ id: 'c', ...servers.device.webpush() })),
  ])
  const reasons = outcomes.map((outcome) => outcome.kind === 'retry' && [outcome.safe, outcome.reason])
  assert.deepEqual(reasons, Array(3).fill([false, 'UND_ERR_HEADERS_TIMEOUT']))
})

test('when nobody listens, then the push was provably not processed', async () => {
  await using servers = await startPushServers()
  // A port that was free a moment ago and that nobody else can have taken: it is ours, and closed again.
  const probe = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => probe.once('listening', resolve))
  const address = probe.address()
  assert.ok(typeof address === 'object' && address !== null)
  await new Promise((resolve) => probe.close(resolve))
  const url = `https://127.0.0.1:${address.port}`
  const unreachable = { ...servers, settings: { ...servers.settings, APNS_URL: url, FCM_URL: url } }
  await using senders = makeSenders(unreachable)
  const outcome = await senders.apns.send(makePush({ id: 'a', ...servers.device.apns() }))
  assert.deepEqual(outcome, { kind: 'retry', safe: true, scope: 'push', afterMs: 750, reason: 'ECONNREFUSED' })
})

test('when the certificate is of an authority we do not trust, then nothing is sent', async () => {
  await using servers = await startPushServers()
  await using other = await startPushServers()
  await using senders = makeSenders(servers, { ca: [other] })
  const outcome = await senders.apns.send(makePush({ id: 'a', ...servers.device.apns() }))
  assert.deepEqual(outcome.kind === 'retry' && outcome.safe, true)
  assert.equal(servers.apns.received.count(), 0)
})

test('when 5000 pushes come, as many at once as the service sends, then all are accepted over two connections', async () => {
  await using servers = await startPushServers({ apnsStreams: { first: 1, later: 1000 } })
  await using senders = makeSenders(servers)
  const slots = createSlots(1_000)
  const sends = phones(servers, 5_000).map((phone) => slots(() => sendUntilTaken(senders.apns, makePush(phone))))
  const outcomes = await Promise.all(sends)
  assert.deepEqual(count(outcomes), { accepted: 5000 })
  assert.equal(shownTwice(servers), 0)
  assert.ok(servers.apns.sessions.length <= 2, `${servers.apns.sessions.length} connections`)
})

test('when Google answers an HTML page, then the status decides and Retry-After is honoured', async () => {
  await using servers = await startPushServers()
  await using senders = makeSenders(servers)
  servers.fcm.plan(
    { kind: 'answer', answer: { status: 502, body: '<html>Bad Gateway</html>', headers: { 'retry-after': '17' } } },
    { when: ({ path }) => path !== '/token' },
  )
  const outcome = await senders.fcm.send(makePush({ id: 'b', ...servers.device.fcm() }))
  assert.deepEqual(outcome, { kind: 'retry', safe: true, scope: 'push', afterMs: 17_000, reason: 'status 502' })
})

test('when Apple shuts down, then later pushes go over another connection', async () => {
  let now = Date.now()
  await using servers = await startPushServers({ now: () => now, ...wideOpen })
  await using senders = makeSenders(servers, { now: () => now })
  const phone = { id: 'a', ...servers.device.apns() }
  assert.equal((await senders.apns.send(makePush(phone))).kind, 'accepted')
  now += 2 * 60_000
  servers.apns.plan({ kind: 'answer', answer: { status: 503, body: '{"reason":"Shutdown"}' } })
  const outcome = await senders.apns.send(makePush(phone))
  assert.deepEqual(outcome.kind === 'retry' && [outcome.safe, outcome.reason], [true, 'Shutdown'])
  assert.equal((await senders.apns.send(makePush(phone))).kind, 'accepted')
  assert.deepEqual(
    servers.apns.received.all.map(({ session }) => session),
    [1, 1, 2],
  )
})
