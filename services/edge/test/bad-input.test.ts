import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { type Stage, stage, token } from './edge-fixture.ts'
import { type Frame, RawClient } from './raw-client.ts'

let here: Stage
let client: RawClient
before(async () => {
  here = await stage()
  await here.world.room('mine', ['ann'])
  await here.world.room('foreign', ['bea'])
  client = await RawClient.connected(here.edge.url, await token('ann'))
})
after(async () => {
  client[Symbol.dispose]()
  await here[Symbol.asyncDispose]()
})

/** Name of the error and of the field, as they stand at the beginning of the message. */
const said = ({ error }: Frame): string => error?.message.split(':')[0] ?? 'no error'
const lives = async () => assert.ok((await client.call({ ping: {} })).ping, 'the connection lives')
const stored = () => here.world.rooms.get('mine')?.events.length

test('an unknown method, then method_not_found', async () => {
  for (const method of ['no.such', '__proto__', 'constructor', 'toString', '']) {
    assert.equal(said(await client.rpc(method, {})), 'method_not_found method', method)
  }
  assert.equal(said(await client.call({ nonsense: {} })), 'method_not_found')
  await lives()
})

test('wrong types in a frame, then bad_request names the field', async () => {
  const cases: [object, string][] = [
    [{ rpc: { method: 5 } }, 'rpc.method'],
    [{ rpc: null }, 'rpc'],
    [{ rpc: [] }, 'rpc'],
    [{ subscribe: {} }, 'subscribe.channel'],
    [{ subscribe: { channel: 7 } }, 'subscribe.channel'],
    [{ subscribe: { channel: 'room:mine', offset: -1 } }, 'subscribe.offset'],
    [{ subscribe: { channel: 'room:mine', recover: 'yes' } }, 'subscribe.recover'],
    [{ publish: { channel: ['room:mine'], data: {} } }, 'publish.channel'],
    [{ history: { channel: 'room:mine', limit: 'all' } }, 'history.limit'],
    [{ history: { channel: 'room:mine', since: 3 } }, 'history.since'],
    [{ presence: { channel: { $gt: '' } } }, 'presence.channel'],
    [{ refresh: {} }, 'refresh.token'],
  ]
  for (const [command, field] of cases) {
    assert.equal(said(await client.call(command)), `bad_request ${field}`, JSON.stringify(command))
  }
  await lives()
})

test('wrong types and operators in parameters, then bad_request names the field, and no command leaves', async () => {
  const before = here.world.commands.length
  const cases: [string, unknown, string][] = [
    ['message.send', { cid: 'a', room: { $gt: '' }, text: 'x' }, 'room'],
    ['message.send', { cid: { $ne: null }, room: 'mine', text: 'x' }, 'cid'],
    ['message.send', { cid: 'a', room: 'mine', text: 7 }, 'text'],
    ['message.send', { cid: 'a', room: 'mine', text: 'x', reply_to: '1' }, 'reply_to'],
    ['message.send', { cid: 'a', room: 'mine', text: 'x', $where: '1' }, '$where'],
    ['message.send', { cid: 'a', room: 'mine' }, 'text'],
    ['message.send', { room: 'mine', text: 'x' }, 'cid'],
    ['message.edit', { cid: 'a', room: 'mine', seq: 1.5, text: 'x' }, 'seq'],
    ['room.create', { cid: 'a', kind: 'secret' }, 'kind'],
    ['room.create', { cid: 'a', kind: 'group', members: 'bea' }, 'members'],
    ['presence.get', { users: [] }, 'users'],
    ['presence.set', { state: 'asleep' }, 'state'],
    ['mark.read', { room: 'mine', seq: 0 }, 'seq'],
  ]
  for (const [method, params, field] of cases) {
    assert.equal(said(await client.rpc(method, params)), `bad_request ${field}`, JSON.stringify(params))
  }
  for (const params of [null, [], 'text', 5])
    assert.match(said(await client.rpc('message.send', params)), /^bad_request/)
  assert.equal(here.world.commands.length, before)
  await lives()
})

test('stars, angles, dots, blanks and NUL in ids, then bad_request names the field', async () => {
  for (const id of ['*', '>', 'a.b', 'a.*', '', ' ', 'ä', 'a\u0000b', 'x'.repeat(65), '../x', 'a\r\nPUB x']) {
    assert.equal(said(await client.rpc('message.send', { cid: 'a', room: id, text: 'x' })), 'bad_request room', id)
    assert.equal(said(await client.rpc('room.typing', { room: id })), 'bad_request room', id)
    assert.equal(said(await client.call({ subscribe: { channel: `room:${id}` } })), 'bad_request channel', id)
    assert.equal(said(await client.call({ history: { channel: `room:${id}` } })), 'bad_request channel', id)
    assert.equal(said(await client.call({ presence: { channel: `room:${id}` } })), 'bad_request channel', id)
    const publish = { channel: `room:${id}`, data: { text: 'x' } }
    assert.equal(said(await client.call({ publish })), 'bad_request channel', id)
  }
  await lives()
})

test('channels that do not exist or are of others, then refused by name', async () => {
  assert.equal(said(await client.call({ subscribe: { channel: 'galaxy:far' } })), 'unknown_channel channel')
  assert.equal(said(await client.call({ subscribe: { channel: 'mine' } })), 'unknown_channel channel')
  assert.equal(said(await client.call({ subscribe: { channel: 'user:bea' } })), 'permission_denied channel')
  assert.equal(said(await client.call({ subscribe: { channel: 'user:ann' } })), 'already_subscribed channel')
  assert.equal(said(await client.call({ unsubscribe: { channel: 'user:ann' } })), 'permission_denied channel')
  const publish = { channel: 'user:bea', data: { text: 'x' } }
  assert.equal(said(await client.call({ publish })), 'permission_denied channel')
  assert.equal(said(await client.call({ sub_refresh: { channel: 'room:mine' } })), 'not_available channel')
  await lives()
})

test('a room one is not in, then not_a_member for everything', async () => {
  const before = here.world.rooms.get('foreign')?.events.length
  assert.equal(said(await client.call({ subscribe: { channel: 'room:foreign' } })), 'not_a_member channel')
  assert.equal(said(await client.call({ subscribe: { channel: 'room:nowhere' } })), 'not_a_member channel')
  assert.equal(said(await client.rpc('message.send', { cid: 'a', room: 'foreign', text: 'x' })), 'not_a_member room')
  assert.match(said(await client.call({ publish: { channel: 'room:foreign', data: { text: 'x' } } })), /^not_a_member/)
  assert.match(said(await client.call({ history: { channel: 'room:foreign', limit: 5 } })), /^not_a_member/)
  assert.match(said(await client.rpc('room.history', { room: 'foreign' })), /^not_a_member/)
  assert.equal(said(await client.rpc('room.typing', { room: 'foreign' })), 'not_a_member room')
  assert.equal(here.world.rooms.get('foreign')?.events.length, before)
  await lives()
})

test('texts that are empty, blank, torn or too long, then refused by field, and nothing is stored', async () => {
  const before = stored()
  const cases: [string, string][] = [
    ['', 'bad_request text'],
    ['  \n ', 'bad_request text'],
    ['a\u0000b', 'bad_request text'],
    ['\ud800', 'bad_request text'],
    ['x'.repeat(8_001), 'too_large text'],
    ['x'.repeat(100_000), 'too_large text'],
    ['ä'.repeat(100_000), 'too_large text'],
  ]
  for (const [text, error] of cases) {
    assert.equal(said(await client.rpc('message.send', { cid: 'a', room: 'mine', text })), error)
    assert.equal(said(await client.call({ publish: { channel: 'room:mine', data: { text } } })), error)
  }
  assert.equal(stored(), before)
  await lives()
})

test('a frame above its limit, then too_large, and nothing of it is done', async () => {
  const before = stored()
  const send = { method: 'message.send', data: { cid: 'a', room: 'mine', text: 'small' } }
  assert.equal(said(await client.call({ rpc: send, padding: 'x'.repeat(70_000) })), 'too_large frame')
  assert.equal(stored(), before)
  await lives()
})

test('unknown fields of the frame, then they are ignored', async () => {
  assert.ok((await client.call({ ping: { later: 1 }, futureField: true })).ping)
  assert.equal((await client.call({ history: { channel: 'room:mine', limit: 1, tag: 'x' } })).history?.offset, stored())
})

test('what is not of the protocol, then its close code and only that connection ends', async () => {
  const frames: (string | Buffer)[] = [
    '{"id":1,',
    'hello',
    '[]',
    '"text"',
    '{"id":"one","ping":{}}',
    '{"id":-1,"ping":{}}',
    '{"ping":{}}',
    Array.from({ length: MAX.frameCommands + 1 }, (_, i) => `{"id":${i + 2},"ping":{}}`).join('\n'),
  ]
  for (const frame of frames) {
    using victim = await RawClient.connected(here.edge.url, await token('eve'))
    await victim.send(frame)
    assert.deepEqual(await victim.ended(), { code: 3501, reason: 'bad request' }, String(frame).slice(0, 40))
  }
  using flooder = await RawClient.connected(here.edge.url, await token('eve'))
  await flooder.send(`{"id":2,"ping":{},"x":"${'x'.repeat(300_000)}"}`)
  assert.equal((await flooder.ended()).code, 1009)
  await lives()
})
