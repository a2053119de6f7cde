import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isRefusal, type Refusal } from './errors.ts'
import { DeviceBody, EventsQuery } from './http.ts'
import { MAX } from './limits.ts'
import { METHODS, type MethodName } from './methods.ts'
import { ConnectRequest } from './protocol.ts'
import { validate } from './validate.ts'

const send = { cid: 'c1', room: 'r1', text: 'hello' }
const create = { cid: 'c1', kind: 'group' }
const users = Array.from({ length: MAX.roomCreateMembers + 1 }, (_, i) => `u${i}`)
const file = { name: 'a.png', url: 'https://x/a.png' }

/** What is sent, and which field is named by which code. */
const WRONG: readonly [
  what: string,
  method: MethodName,
  params: unknown,
  code: string,
  field?: string,
  says?: RegExp,
][] = [
  ['a field that is missing', 'message.send', { cid: 'c1', room: 'r1' }, 'bad_request', 'text', /required/],
  ['a field that is not of this', 'message.send', { ...send, color: 'red' }, 'bad_request', 'color', /not a field/],
  ['a number for a text', 'message.send', { ...send, text: 7 }, 'bad_request', 'text', /string/],
  ['null for a text', 'message.send', { ...send, text: null }, 'bad_request', 'text'],
  ['an operator for an id', 'message.send', { ...send, room: { $gt: '' } }, 'bad_request', 'room'],
  ['a list for an id', 'message.send', { ...send, room: ['r1'] }, 'bad_request', 'room'],
  ['a wildcard in an id', 'message.send', { ...send, room: '*' }, 'bad_request', 'room', /A-Z a-z 0-9/],
  ['a subject for an id', 'message.send', { ...send, room: 'a.b' }, 'bad_request', 'room'],
  ['an id with a newline behind it', 'message.send', { ...send, room: 'r1\n' }, 'bad_request', 'room'],
  ['an empty id', 'message.send', { ...send, room: '' }, 'bad_request', 'room'],
  ['an id of 65 characters', 'message.send', { ...send, room: 'x'.repeat(65) }, 'bad_request', 'room'],
  ['a cid with a space', 'message.send', { ...send, cid: 'a b' }, 'bad_request', 'cid', /A-Z a-z 0-9 _ \. : -/],
  ['an empty text', 'message.send', { ...send, text: '' }, 'bad_request', 'text'],
  ['a text of white space', 'message.send', { ...send, text: ' \n\t ' }, 'bad_request', 'text', /empty/],
  ['a text with NUL', 'message.send', { ...send, text: 'a\u0000b' }, 'bad_request', 'text', /NUL/],
  ['half a character', 'message.send', { ...send, text: 'a\ud800' }, 'bad_request', 'text', /well-formed/],
  ['a text of 100 kB', 'message.send', { ...send, text: 'x'.repeat(100_000) }, 'too_large', 'text'],
  ['one character too many', 'message.send', { ...send, text: 'x'.repeat(MAX.textChars + 1) }, 'too_large', 'text'],
  ['a reply to number 0', 'message.send', { ...send, reply_to: 0 }, 'bad_request', 'reply_to'],
  ['a reply to half a message', 'message.send', { ...send, reply_to: 1.5 }, 'bad_request', 'reply_to'],
  ['a mention that is no id', 'message.send', { ...send, mentions: ['u1', 'a b'] }, 'bad_request', 'mentions.1'],
  ['a mention twice', 'message.send', { ...send, mentions: ['u1', 'u1'] }, 'bad_request', 'mentions'],
  ['too many files', 'message.send', { ...send, files: Array(MAX.files + 1).fill(file) }, 'too_large', 'files'],
  ['a file without its address', 'message.send', { ...send, files: [{ name: 'a' }] }, 'bad_request', 'files.0.url'],
  [
    'a file at another scheme',
    'message.send',
    { ...send, files: [{ ...file, url: 'javascript:x' }] },
    'bad_request',
    'files.0.url',
    /https/,
  ],
  [
    'a kind that there is not',
    'room.create',
    { ...create, kind: 'secret' },
    'bad_request',
    'kind',
    /none of the allowed/,
  ],
  ['too many members', 'room.create', { ...create, members: users }, 'too_large', 'members'],
  ['a title too long', 'room.create', { ...create, title: 'x'.repeat(MAX.titleChars + 1) }, 'too_large', 'title'],
  ['a role that there is not', 'room.role', { cid: 'c', room: 'r', user: 'u', role: 'king' }, 'bad_request', 'role'],
  [
    'a text for a switch',
    'message.react',
    { cid: 'c', room: 'r', seq: 1, emoji: '👍', on: 'yes' },
    'bad_request',
    'on',
  ],
  ['a page too long', 'room.history', { room: 'r1', limit: MAX.historyEvents + 1 }, 'bad_request', 'limit'],
  ['nobody to ask about', 'presence.get', { users: [] }, 'bad_request', 'users'],
  ['no body at all', 'message.send', undefined, 'bad_request'],
  ['null for a body', 'message.send', null, 'bad_request'],
  ['a text for a body', 'message.send', 'hello', 'bad_request'],
  ['a list for a body', 'message.send', [send], 'bad_request'],
]

for (const [what, method, params, code, field, says] of WRONG) {
  test(`${method}, with ${what}, is refused with ${code}${field === undefined ? '' : ` of ${field}`}`, () => {
    const refusal = validate(METHODS[method].params, params) as Refusal
    assert.ok(isRefusal(refusal), JSON.stringify(refusal))
    assert.equal(refusal.code, code)
    assert.equal(refusal.field, field)
    assert.ok(refusal.message.length > 0)
    if (says) assert.match(refusal.message, says)
  })
}

const RIGHT: readonly [MethodName, object][] = [
  ['message.send', send],
  ['message.send', { ...send, text: 'x'.repeat(MAX.textChars) }],
  [
    'message.send',
    { ...send, cid: '018f4e6a-7c1b-7d2e-9b3a-1c2d3e4f5a6b', reply_to: 1, mentions: ['u1'], files: [file] },
  ],
  ['message.send', { ...send, room: 'x'.repeat(64), text: '👩‍👩‍👧‍👦\n\u2028' }],
  ['room.create', create],
  ['room.create', { ...create, title: 'T', members: users.slice(1) }],
  ['room.list', {}],
]

for (const [method, params] of RIGHT) {
  test(`${method}, with ${JSON.stringify(params).slice(0, 60)}, is taken as it is`, () => {
    assert.equal(validate(METHODS[method].params, params), params)
  })
}

const DEVICES: readonly [what: string, body: unknown, field: string, says: RegExp][] = [
  ['no provider', { target: {} }, 'provider', /required/],
  ['a provider that there is not', { provider: 'pigeon', target: {} }, 'provider', /none of the allowed/],
  ['a token that is not hexadecimal', { provider: 'apns', target: { token: 'xyz' } }, 'target.token', /form/],
  ['the target of another', { provider: 'apns', target: { fid: 'x' } }, 'target.token', /required/],
  ['no target', { provider: 'fcm' }, 'target', /required/],
  ['an empty target', { provider: 'fcm', target: {} }, 'target.token', /required/],
  ['a short id', { provider: 'fcm', target: { fid: 'x' } }, 'target.fid', /fewer than 8/],
  ['a short token', { provider: 'fcm', target: { token: 'x' } }, 'target.token', /fewer than 8/],
  ['too much', { provider: 'fcm', target: { token: '12345678', color: 1 } }, 'target.color', /not a field/],
  [
    'an endpoint in the open',
    { provider: 'webpush', target: { endpoint: 'http://x', keys: { p256dh: 'x'.repeat(87), auth: 'x'.repeat(22) } } },
    'target.endpoint',
    /https/,
  ],
  ['a body that is a text', 'fcm', '', /./],
]

for (const [what, body, field, says] of DEVICES) {
  test(`a device, with ${what}, is refused by ${field || 'no field'}`, () => {
    const refusal = validate(DeviceBody, body) as Refusal
    assert.equal(refusal.code, 'bad_request')
    assert.equal(refusal.field ?? '', field)
    assert.match(refusal.message, says)
  })
}

test('a device, of each provider, is taken as it is', () => {
  const keys = { p256dh: 'x'.repeat(87), auth: 'x'.repeat(22) }
  for (const body of [
    { provider: 'apns', target: { token: 'a'.repeat(64), environment: 'sandbox' } },
    { provider: 'fcm', target: { token: '12345678' } },
    { provider: 'fcm', target: { fid: '12345678' } },
    { provider: 'webpush', target: { endpoint: 'https://x', keys } },
  ])
    assert.equal(validate(DeviceBody, body), body)
})

test('a query, with a text for a number, names it', () => {
  assert.equal((validate(EventsQuery, { limit: 'all' }) as Refusal).field, 'limit')
})

test('a frame of the protocol, with fields it may add later, is taken', () => {
  const body = {
    token: 't',
    headers: { a: 'b' },
    subs: { 'room:r1': { recover: true, offset: 3, epoch: 'e', since: 1 } },
  }
  assert.equal(validate(ConnectRequest, body), body)
  assert.match(
    (validate(ConnectRequest, { subs: { 'room:r1': { offset: 'x' } } }) as Refusal).field ?? '',
    /^subs\.room:r1\.offset/,
  )
})

test('anything at all, given to any method, is taken or refused, and never throws', () => {
  const names = Object.keys(METHODS) as MethodName[]
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.anything(), (name, value) => {
      const result = validate(METHODS[name].params, value)
      assert.ok(result === value || isRefusal(result))
    }),
    { numRuns: 1_000 },
  )
})
