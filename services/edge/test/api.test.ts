import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { type Stage, stage, token } from './edge-fixture.ts'
import { RawClient } from './raw-client.ts'

let here: Stage
let webDir: string
before(async () => {
  webDir = await mkdtemp(join(tmpdir(), 'switchboard-web-'))
  await mkdir(join(webDir, 'assets'))
  await writeFile(join(webDir, 'index.html'), '<!doctype html><title>page</title>')
  await writeFile(join(webDir, 'assets', 'a.js'), 'export {}')
  await writeFile(join(webDir, 'widget.html'), '<!doctype html><title>widget</title>')
  await writeFile(join(webDir, 'widget.js'), '0')
  const WIDGET_SITES = 'https://shop.example,https://*.example.org'
  here = await stage({ env: { WEB_DIR: webDir, API_KEYS: 'first-key,second-key', WIDGET_SITES } })
  await here.world.room('mine', ['ann'])
  await here.world.room('foreign', ['bea'])
})
after(async () => {
  await here[Symbol.asyncDispose]()
  await rm(webDir, { recursive: true })
})

interface Asking {
  method?: string
  user?: string
  headers?: Record<string, string>
  body?: unknown
  text?: string
}

async function call(path: string, { method = 'GET', user, headers = {}, body, text }: Asking = {}) {
  const response = await fetch(`${here.edge.url}${path}`, {
    method,
    headers: {
      ...(user ? { authorization: `Bearer ${await token(user)}` } : {}),
      ...(body === undefined && text === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(text === undefined ? {} : { body: text }),
  })
  const raw = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json')
  return { status: response.status, headers: response.headers, raw, body: isJson ? JSON.parse(raw) : {} }
}

const said = ({ status, body }: { status: number; body: { error?: { code: string; field?: string } } }) => [
  status,
  body.error?.code,
  body.error?.field,
]
const post = (path: string, body: unknown, more: Asking = {}) => call(path, { method: 'POST', body, ...more })

test('an account and a log-in, then a token that connects and that the published keys verify', async () => {
  const made = await post('/v1/accounts', { user: 'new', password: 'right password', name: 'New' })
  assert.deepEqual([made.status, made.body], [201, { user: 'new' }])
  const { status, body } = await post('/v1/login', { user: 'new', password: 'right password' })
  assert.deepEqual([status, body.user], [200, 'new'])
  assert.ok(body.expires_at > Date.now() + 3_500_000)
  using client = await RawClient.connected(here.edge.url, body.token)
  assert.ok(client.frames[0]?.connect?.subs['user:new'])
  const { body: jwks } = await call('/.well-known/jwks.json')
  assert.equal('d' in jwks.keys[0], false)
  const { payload } = await jwtVerify(body.token, createLocalJWKSet(jwks), { issuer: 'switchboard' })
  assert.equal(payload.sub, 'new')
})

test('a taken name or a wrong password, then the code, and many wrong ones have to wait', async () => {
  assert.deepEqual(said(await post('/v1/accounts', { user: 'taken', password: 'right password' })), [
    409,
    'user_taken',
    'user',
  ])
  const wrong = () => post('/v1/login', { user: 'victim', password: 'wrong' })
  assert.deepEqual(said(await wrong()), [401, 'bad_credentials', undefined])
  let last = await wrong()
  for (let i = 0; i < 30 && last.status === 401; i += 1) last = await wrong()
  assert.deepEqual(said(last), [429, 'too_many_requests', undefined])
  assert.deepEqual(said(await post('/v1/login', { user: 'victim', password: 'right password' }))[0], 429)
  assert.equal((await post('/v1/login', { user: 'other', password: 'right password' })).status, 200)
  assert.ok(last.body.error.retry && last.body.error.after_ms > 0)
  assert.ok(Number(last.headers.get('retry-after')) > 0)
})

test('a visitor, then a person of their own, and the same one when they return', async () => {
  const first = await post('/v1/visitors', { desk: 'help', name: 'Guest' })
  assert.match(first.body.user, /^v-/)
  const again = await post('/v1/visitors', { desk: 'help', identity: first.body.token })
  assert.equal(again.body.user, first.body.user)
  const other = await post('/v1/visitors', { desk: 'help' })
  assert.notEqual(other.body.user, first.body.user)
  assert.deepEqual(said(await post('/v1/visitors', { desk: 'help', identity: 'forged' })), [
    401,
    'unauthorized',
    'identity',
  ])
  const account = await post('/v1/visitors', { desk: 'help', identity: await token('ann') })
  assert.notEqual(account.body.user, 'ann')
})

test('rooms, events and messages with a token, then as that person', async () => {
  const sent = await post('/v1/rooms/mine/messages', { cid: 'h1', text: 'by HTTP' }, { user: 'ann' })
  assert.deepEqual([sent.status, sent.body.seq], [200, 2])
  const { body } = await call('/v1/rooms/mine/events?after_seq=1&limit=5', { user: 'ann' })
  assert.deepEqual([body.head, body.events.length, body.events[0].text], [2, 1, 'by HTTP'])
  const rooms = await call('/v1/rooms', { user: 'ann' })
  assert.deepEqual(
    rooms.body.rooms.map(({ room }: { room: string }) => room),
    ['mine'],
  )
  assert.deepEqual(said(await call('/v1/rooms/foreign/events', { user: 'ann' })), [403, 'not_a_member', 'room'])
  const foreign = await post('/v1/rooms/foreign/messages', { cid: 'h2', text: 'x' }, { user: 'ann' })
  assert.deepEqual(said(foreign), [403, 'not_a_member', 'room'])
})

test('a server with a key, then it sends in the name that it says, and only so', async () => {
  const headers = { 'x-api-key': 'second-key' }
  const sent = await post('/v1/rooms/mine/messages', { cid: 'k1', text: 'from a server', from: 'ann' }, { headers })
  assert.equal(sent.status, 200)
  const { command } = here.world.commands.at(-1) ?? {}
  assert.deepEqual([command?.from, command?.roles], ['ann', ['api']])
  const nameless = await post('/v1/rooms/mine/messages', { cid: 'k2', text: 'x' }, { headers })
  assert.deepEqual(said(nameless), [400, 'bad_request', 'from'])
  const wrong = { 'x-api-key': 'no-key' }
  assert.deepEqual(said(await call('/v1/rooms/mine/events', { headers: wrong })), [401, 'unauthorized', 'x-api-key'])
  assert.deepEqual(said(await call('/v1/rooms', { headers })), [403, 'permission_denied', 'x-api-key'])
  const spoof = await post('/v1/rooms/mine/messages', { cid: 'k3', text: 'x', from: 'bea' }, { user: 'ann' })
  assert.deepEqual(said(spoof), [403, 'permission_denied', 'from'])
})

test('bad input of every kind, then one shape of error that names the field, and nothing is stored', async () => {
  const before = here.world.commands.length
  const path = '/v1/rooms/mine/messages'
  const ann = { user: 'ann' }
  const cases: [ReturnType<typeof call>, unknown[]][] = [
    [post('/v1/login', { user: { $gt: '' }, password: 'x' }), [400, 'bad_request', 'user']],
    [post('/v1/login', { user: 'ann' }), [400, 'bad_request', 'password']],
    [post('/v1/accounts', { user: 'a.b', password: 'long enough' }), [400, 'bad_request', 'user']],
    [post('/v1/accounts', { user: 'ann', password: 'long enough', admin: true }), [400, 'bad_request', 'admin']],
    [
      post('/v1/accounts', { user: 'ann', password: 'long enough', roles: ['admin'] }),
      [401, 'unauthorized', 'authorization'],
    ],
    [post(path, { cid: 'x', text: '' }, ann), [400, 'bad_request', 'text']],
    [post(path, { cid: 'x', text: 'x'.repeat(100_000) }, ann), [413, 'too_large', 'text']],
    [post(path, { cid: 'x', text: 'x'.repeat(300_000) }, ann), [413, 'too_large', 'body']],
    [post(path, { cid: { $gt: '' }, text: 'x' }, ann), [400, 'bad_request', 'cid']],
    [post('/v1/rooms/a.b/messages', { cid: 'x', text: 'x' }, ann), [400, 'bad_request', 'room']],
    [post('/v1/rooms/*/messages', { cid: 'x', text: 'x' }, ann), [400, 'bad_request', 'room']],
    [call('/v1/rooms/%3E/events', ann), [400, 'bad_request', 'room']],
    [call('/v1/rooms/mine/events?limit=0', ann), [400, 'bad_request', 'limit']],
    [call('/v1/rooms/mine/events?after_seq[$gt]=1', ann), [400, 'bad_request', 'after_seq[$gt]']],
    [call('/v1/rooms/mine/events?limit=ten', ann), [400, 'bad_request', 'limit']],
    [call('/v1/search?q=', ann), [400, 'bad_request', 'q']],
    [call(path, { method: 'POST', text: '{"cid":', ...ann }), [400, 'bad_request', 'body']],
    [call(path, { method: 'POST', text: '[]', ...ann }), [400, 'bad_request', 'body']],
    [
      call(path, { method: 'POST', text: 'x=1', headers: { 'content-type': 'text/plain' } }),
      [400, 'bad_request', 'content-type'],
    ],
    [call('/v1/rooms'), [401, 'unauthorized', 'authorization']],
    [call('/v1/rooms', { headers: { authorization: 'Bearer garbage' } }), [401, 'unauthorized', 'authorization']],
    [call('/v1/nothing', ann), [404, 'not_found', undefined]],
    [call('/v1/rooms', { method: 'PATCH', ...ann }), [404, 'not_found', undefined]],
    [call('/connection/websocket'), [426, 'bad_request', undefined]],
  ]
  for (const [answer, expected] of cases) assert.deepEqual(said(await answer), expected)
  const expired = { authorization: `Bearer ${await token('ann', { seconds: -1 })}` }
  assert.deepEqual(said(await call('/v1/rooms', { headers: expired })), [401, 'token_expired', 'authorization'])
  assert.equal(here.world.commands.length, before)
})

test('a device, then it is put and deleted, and a wrong one refused', async () => {
  const body = { provider: 'fcm', target: { token: 'a-long-device-token' } }
  assert.equal((await call('/v1/devices/phone', { method: 'PUT', user: 'ann', body })).status, 204)
  assert.equal((await call('/v1/devices/phone', { method: 'DELETE', user: 'ann' })).status, 204)
  const bad = { provider: 'pigeon', target: {} }
  const { status, body: error } = await call('/v1/devices/phone', { method: 'PUT', user: 'ann', body: bad })
  assert.deepEqual([status, error.error.code], [400, 'bad_request'])
})

test('the page, then its files with a strict policy, and its own addresses are the page', async () => {
  const html = { accept: 'text/html' }
  const page = await call('/', { headers: html })
  assert.match(page.raw, /<title>page/)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'.*frame-ancestors 'none'/)
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff')
  assert.match((await call('/rooms/abc', { headers: html })).raw, /<title>page/)
  assert.match((await call('/assets/a.js')).headers.get('cache-control') ?? '', /immutable/)
  assert.equal((await call('/assets/no.js', { headers: html })).status, 404)
  assert.equal((await call('/v1/abc', { headers: html })).status, 404)
  assert.equal((await call('/../package.json')).status, 404)
})

test('the widget, then its frame is for the sites that are named, and its script for every page, for minutes', async () => {
  const frame = await call('/widget', { headers: { accept: 'text/html' } })
  assert.match(frame.raw, /<title>widget/)
  const policy = frame.headers.get('content-security-policy') ?? ''
  assert.match(policy, /frame-ancestors 'self' https:\/\/shop\.example https:\/\/\*\.example\.org$/)
  assert.match(
    (await call('/console', { headers: { accept: 'text/html' } })).raw,
    /<title>page/,
    'no page of this name',
  )
  const script = await call('/widget.js')
  assert.match(script.headers.get('content-type') ?? '', /javascript/)
  assert.match(script.headers.get('cache-control') ?? '', /max-age=300/)
  assert.equal(script.headers.get('cross-origin-resource-policy'), 'cross-origin')
  assert.equal(script.headers.get('access-control-allow-origin'), '*')
})

test('the docs, then an OpenAPI document of all routes with the schemas that validate', async () => {
  assert.equal((await call('/docs')).status, 200)
  const { body } = await call('/docs/json')
  const paths = Object.keys(body.paths)
  for (const path of ['/v1/login', '/v1/rooms/{room}/events', '/v1/devices/{device}', '/v1/search']) {
    assert.ok(paths.includes(path), path)
  }
  assert.ok(!paths.includes('/connection/websocket'))
  assert.equal(body.paths['/v1/login'].post.requestBody.content['application/json'].schema.required.length, 2)
})
