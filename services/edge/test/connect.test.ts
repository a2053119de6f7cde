import assert from 'node:assert/strict'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { SignJWT } from 'jose'
import { hurried, type Stage, stage, token } from './edge-fixture.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
before(async () => {
  here = await stage()
})
after(() => here[Symbol.asyncDispose]())

test('a valid token, then the reply names the client, its rooms with positions, and when to refresh', async () => {
  await here.world.room('c1', ['ann'])
  await here.world.messages('c1', ['a', 'b'])
  using ann = await RawClient.connected(here.edge.url, await token('ann'))
  const { connect } = ann.frames[0] ?? {}
  assert.match(connect?.client ?? '', /^[0-9a-f-]{36}$/)
  assert.deepEqual([connect?.ping, connect?.pong, connect?.expires], [25, true, true])
  assert.ok((connect?.ttl ?? 0) > 590 && (connect?.ttl ?? 0) <= 600)
  assert.deepEqual(Object.keys(connect?.subs ?? {}).sort(), ['room:c1', 'user:ann'])
  const { epoch, ...position } = connect?.subs['room:c1'] ?? { epoch: '' }
  assert.deepEqual(position, { recoverable: true, positioned: true, offset: 3 })
  assert.notEqual(epoch, '')
  assert.equal(connect?.subs['user:ann']?.offset, 1)
})

test('a missing, garbage, foreign or unsigned token, then unauthorized, and the connection lives', async () => {
  const stranger = generateKeyPairSync('ed25519').privateKey
  const symmetric = await new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer('switchboard')
    .setSubject('ann')
    .setExpirationTime('1h')
    .sign(randomBytes(32))
  const claims = { sub: 'ann', iss: 'switchboard', exp: 9_999_999_999 }
  const none = [{ alg: 'none' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  const cases: unknown[] = [
    undefined,
    '',
    'garbage',
    await token('ann', { key: stranger }),
    await token('ann', { issuer: 'somebody else' }),
    symmetric,
    `${none}.`,
    'x'.repeat(5_000),
    await token('an.n'),
  ]
  for (const bad of cases) {
    using client = new RawClient(here.edge.url)
    const { error } = await client.call({ connect: { token: bad } })
    assert.equal(error?.code, 101, String(bad).slice(0, 40))
    assert.match(error?.message ?? '', /^unauthorized token: /)
    const again = await client.call({ connect: { token: await token('ann') } })
    assert.ok(again.connect)
  }
})

test('an expired token, then token_expired, upon which the SDK fetches a new one', async () => {
  using client = new RawClient(here.edge.url)
  const { error } = await client.call({ connect: { token: await token('ann', { seconds: -1 }) } })
  assert.equal(error?.code, 109)
})

test('a token of the wrong type, then bad_request names the field', async () => {
  using client = new RawClient(here.edge.url)
  const { error } = await client.call({ connect: { token: { $gt: '' } } })
  assert.deepEqual([error?.code, error?.message.split(':')[0]], [107, 'bad_request connect.token'])
})

test('four connects that fail, then the connection ends', async () => {
  using client = new RawClient(here.edge.url)
  for (let i = 0; i < 3; i += 1) assert.ok((await client.call({ connect: {} })).error)
  await client.send('{"id":9,"connect":{}}')
  assert.equal((await client.ended()).code, 3501)
})

test('another command before connect, then the protocol is broken and the connection ends', async () => {
  using client = new RawClient(here.edge.url)
  await client.send('{"id":1,"rpc":{"method":"room.list"}}')
  assert.equal((await client.ended()).code, 3501)
})

test('commands right behind connect in the same frame, then they are answered after it', async () => {
  await here.world.room('c2', ['bea'], 'public')
  using client = new RawClient(here.edge.url)
  const connect = JSON.stringify({ id: 1, connect: { token: await token('zoe') } })
  await client.send(`${connect}\n{"id":2,"subscribe":{"channel":"room:c2"}}\n{"id":3,"ping":{}}`)
  await client.until('all replies', () => client.frames.length === 3)
  assert.ok(client.frames[0]?.connect)
  assert.equal(client.frames.find(({ id }) => id === 2)?.subscribe?.offset, 1)
})

test('a second connect, then bad_request, and the connection lives', async () => {
  using client = await RawClient.connected(here.edge.url, await token('ann'))
  assert.equal((await client.call({ connect: { token: await token('bea') } })).error?.code, 107)
  assert.ok((await client.call({ ping: {} })).ping)
})

test('no connect command in time, then the connection ends as stale', async () => {
  const edge = await here.start({ clock: hurried(50) })
  using client = new RawClient(edge.url)
  assert.deepEqual(await client.ended(), { code: 3014, reason: 'stale' })
})

test('a token that ends, then a refresh keeps the connection and none ends it', async () => {
  const edge = await here.start({ clock: hurried(25) })
  using lazy = await RawClient.connected(edge.url, await token('ann', { seconds: 5 }))
  using busy = await RawClient.connected(edge.url, await token('bea', { seconds: 5 }))
  const { refresh } = await busy.call({ refresh: { token: await token('bea') } })
  assert.ok((refresh?.ttl ?? 0) > 590 && refresh?.expires)
  assert.deepEqual(await lazy.ended(), { code: 3005, reason: 'connection expired' })
  assert.ok((await busy.call({ ping: {} })).ping)
})

test('a refresh with the token of another, a foreign or an expired one, then the connection ends', async () => {
  const stranger = generateKeyPairSync('ed25519').privateKey
  const cases = [
    { bad: await token('bea'), code: 3500 },
    { bad: await token('ann', { key: stranger }), code: 3500 },
    { bad: await token('ann', { seconds: -1 }), code: 3005 },
  ]
  for (const { bad, code } of cases) {
    using client = await RawClient.connected(here.edge.url, await token('ann'))
    await client.send(JSON.stringify({ id: 99, refresh: { token: bad } }))
    assert.equal((await client.ended()).code, code)
  }
})

test('pings that are not answered, then the connection ends; answered ones keep it', async () => {
  const edge = await here.start({ clock: hurried(20), env: { PING_SECONDS: '4' } })
  using good = await RawClient.connected(edge.url, await token('ann'))
  using mute = await RawClient.connected(edge.url, await token('bea'))
  mute.answersPings = false
  assert.equal((await mute.ended()).code, 1006)
  await good.until('five pings', () => good.pings >= 5)
  assert.equal(good.closed, undefined)
})

test('an origin that is not allowed, then 403 and no connection', async () => {
  using foreign = new RawClient(here.edge.url, { origin: 'https://evil.example' })
  const status = await new Promise((resolve) =>
    foreign.socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)),
  )
  assert.equal(status, 403)
  using own = new RawClient(here.edge.url, { origin: here.edge.url })
  assert.ok((await own.call({ connect: { token: await token('ann') } })).connect)
})
