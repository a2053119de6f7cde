import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { after, before, test } from 'node:test'
import { encodeJson, publish } from '@switchboard/bus/core'
import { MAX } from '@switchboard/contracts/limits'
import { hurried, type Stage, stage, token } from './edge-fixture.ts'
import { proxyTo } from './nats-proxy.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

test('NATS away while much happens, then the feed mends itself and the client sees no hole', async () => {
  using proxy = await proxyTo(here.servers.natsUrl)
  const edge = await here.start({ natsUrl: proxy.url })
  await here.world.room('t1', ['ann'])
  using ann = await RawClient.connected(edge.url, await token('ann'))
  await here.world.messages('t1', ['a'])
  await ann.until('the first', () => ann.offsets('room:t1').length === 1)
  proxy.cut()
  await here.world.messages('t1', range(1, 20).map(String))
  proxy.join()
  await ann.until('all of it', () => ann.offsets('room:t1').length === 21)
  assert.deepEqual(ann.offsets('room:t1'), range(2, 22))
  assert.equal(ann.closed, undefined)
})

test('NATS away, then commands are refused as worth another try, and work when it is back', async () => {
  using proxy = await proxyTo(here.servers.natsUrl)
  const edge = await here.start({ natsUrl: proxy.url, clock: hurried(5) })
  await here.world.room('t2', ['ann'])
  using ann = await RawClient.connected(edge.url, await token('ann'))
  proxy.cut()
  const { error } = await ann.rpc('message.send', { cid: 'x', room: 't2', text: 'x' })
  assert.deepEqual([error?.code, error?.temporary], [406, true])
  using stranger = new RawClient(edge.url)
  const refused = await stranger.call({ connect: { token: await token('bea') } })
  assert.equal(refused.error?.temporary, true)
  proxy.join()
  let reply = await ann.rpc('message.send', { cid: 'y', room: 't2', text: 'x' })
  while (reply.error?.temporary) reply = await ann.rpc('message.send', { cid: 'y', room: 't2', text: 'x' })
  assert.ok(reply.rpc)
})

test('a router that does not answer, then timeout, which may be sent again', async () => {
  const edge = await here.start({ clock: hurried(20) })
  await here.world.room('t3', ['ann'])
  using ann = await RawClient.connected(edge.url, await token('ann'))
  here.world.answer = async () => null
  const { error } = await ann.rpc('message.send', { cid: 'x', room: 't3', text: 'x' })
  here.world.answer = null
  assert.deepEqual([error?.code, error?.temporary], [406, true])
})

test('another epoch, then the server’s subscriptions begin again and do not pretend to recover', async () => {
  await here.world.room('t4', ['ann'])
  using ann = await RawClient.connected(here.edge.url, await token('ann'))
  using pat = await RawClient.connected(here.edge.url, await token('pat'))
  here.world.rooms.set('t4p', { members: new Set(), events: [], kind: 'public' })
  await here.world.happen('t4p', [{ type: 'message', text: 'x' }])
  const { subscribe } = await pat.call({ subscribe: { channel: 'room:t4p' } })
  const before = ann.frames[0]?.connect?.subs['room:t4']
  here.world.epoch = 'another'
  await here.world.messages('t4', ['x'])
  await here.world.messages('t4p', ['x'])
  assert.deepEqual(await ann.ended(), { code: 3010, reason: 'insufficient state' })
  const push = await pat.until('the push', () => pat.pushes('room:t4p').find(({ unsubscribe }) => unsubscribe))
  assert.equal(push.unsubscribe?.code, 2500)
  here.world.epoch = null
  const position = { recover: true, offset: subscribe?.offset, epoch: subscribe?.epoch }
  const again = await pat.call({ subscribe: { channel: 'room:t4p', ...position } })
  assert.deepEqual([again.subscribe?.epoch, again.subscribe?.recovered], ['another', undefined])
  using back = await RawClient.connected(here.edge.url, await token('ann'), {
    'room:t4': { recover: true, offset: before?.offset, epoch: before?.epoch },
  })
  assert.equal(back.frames[0]?.connect?.subs['room:t4']?.recovered, undefined)
})

test('a client that does not read, then it is cut, and the others notice nothing', async () => {
  await here.world.room('t5', ['ann', 'bea'])
  using slow = await RawClient.connected(here.edge.url, await token('ann'))
  using quick = await RawClient.connected(here.edge.url, await token('bea'))
  slow.socket.pause()
  const text = 'x'.repeat(8_000)
  const messages = 30 * 100
  for (let sent = 0; sent < messages; sent += 30) {
    await here.world.happen(
      't5',
      Array.from({ length: 30 }, () => ({ type: 'message', text })),
    )
  }
  await quick.until('everything', () => quick.offsets('room:t5').length === messages)
  assert.deepEqual(quick.offsets('room:t5'), range(2, messages + 1))
  slow.socket.resume()
  assert.equal((await slow.ended()).code, 1006)
  assert.ok(slow.offsets('room:t5').length < messages)
})

test('signals, then they come without offset, and typing reaches the other edge', async () => {
  await here.world.room('t6', ['ann', 'bea'])
  const other = await here.start()
  using ann = await RawClient.connected(here.edge.url, await token('ann'))
  using bea = await RawClient.connected(other.url, await token('bea'))
  assert.deepEqual((await ann.rpc('room.typing', { room: 't6' })).rpc?.data, {})
  const push = await bea.until('typing', () => bea.pushes('room:t6').find(({ pub }) => pub?.data.type === 'typing'))
  assert.deepEqual(push.pub, { data: { type: 'typing', user: 'ann' } })
})

test('too many commands at once, then the rest is refused with how long to wait', async () => {
  using ann = await RawClient.connected(here.edge.url, await token('ann'))
  const lines = (from: number, count: number) =>
    range(from, from + count - 1)
      .map((id) => `{"id":${id},"ping":{}}`)
      .join('\n')
  const more = 4_000
  const count = MAX.commandsBurst + more
  for (let from = 0; from < count; from += 500) await ann.send(lines(1_000 + from, 500))
  await ann.until('all replies', () => ann.frames.length === count + 1)
  const refused = ann.frames.filter(({ error }) => error)
  assert.ok(refused.length > 0 && refused.length <= more, String(refused.length))
  assert.ok(refused.every(({ error }) => error?.code === 111 && error.temporary))
})

test('one connection too many of one user, then the oldest gives way', async () => {
  const clients: RawClient[] = []
  for (let i = 0; i <= MAX.userConnections; i += 1) {
    clients.push(await RawClient.connected(here.edge.url, await token('lots')))
  }
  assert.deepEqual((await clients[0]?.ended())?.code, 3504)
  for (const client of clients.slice(1)) assert.ok((await client.call({ ping: {} })).ping)
  for (const client of clients) client[Symbol.dispose]()
})

test('a user that is kicked, then all their connections end, for good', async () => {
  using ann = await RawClient.connected(here.edge.url, await token('bad'))
  using bea = await RawClient.connected(here.edge.url, await token('good'))
  publish(here.bus, here.bus.names.kick, encodeJson({ user: 'bad', reason: 'revoked' }))
  assert.equal((await ann.ended()).code, 3503)
  assert.ok((await bea.call({ ping: {} })).ping)
})

test('an edge that stops, then its connections are sent away over a while and new ones are not taken', async () => {
  const edge = await here.start()
  const clients = await Promise.all(range(1, 200).map(async (i) => RawClient.connected(edge.url, await token(`d${i}`))))
  const stopping = edge[Symbol.asyncDispose]()
  await Promise.any(clients.map((client) => client.ended()))
  using turnedAway = new RawClient(edge.url)
  const answer = await new Promise<IncomingMessage>((resolve) =>
    turnedAway.socket.on('unexpected-response', (_request, response) => resolve(response)),
  )
  assert.equal(answer.statusCode, 503)
  assert.match(String(answer.headers['retry-after']), /^[1-5]$/)
  assert.ok(
    clients.some(({ closed }) => !closed),
    'not all at once',
  )
  const ends = await Promise.all(clients.map((client) => client.ended()))
  assert.ok(ends.every(({ code, reason }) => code === 3001 && reason === 'shutdown'))
  await stopping
  using late = new RawClient(edge.url)
  assert.equal((await late.ended()).code, 1006)
})
