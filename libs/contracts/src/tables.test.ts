import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CENTRIFUGE_PROTO } from './centrifuge-proto.ts'
import { CHANNELS, type Channel } from './channels.ts'
import { CLOSE } from './close-codes.ts'
import { DESK_EVENTS } from './desk-events.ts'
import { ERRORS, type ErrorCode, httpError, isRefusal, protocolError, refuse } from './errors.ts'
import { ROOM_EVENTS, SIGNALS, USER_EVENTS } from './events.ts'
import { LIMITS, MAX } from './limits.ts'
import { METHODS } from './methods.ts'
import { METRICS } from './metrics.ts'
import { COMMAND_NAMES, UNSUBSCRIBE } from './protocol.ts'

const codes = Object.keys(ERRORS) as ErrorCode[]
const rowOf = (code: ErrorCode) => ERRORS[code]
const FRAME = 1_048_576

test('errors, in their table, have numbers of their own and a sentence', () => {
  assert.equal(new Set(codes.map((code) => rowOf(code).number)).size, codes.length)
  for (const code of codes) {
    assert.match(rowOf(code).meaning, /^[A-Z].*\.$/)
    assert.ok(rowOf(code).http >= 400 && rowOf(code).http < 600)
  }
})

test('errors, asked for again, are those that may be: server errors, time-outs and rates, and no others', () => {
  const retried = codes.filter((code) => rowOf(code).retry)
  assert.deepEqual(retried.sort(), ['internal', 'timeout', 'too_many_requests', 'unavailable'])
})

test('a refusal, made, has the sentence of the table or a nearer one, and is known as one', () => {
  assert.deepEqual(refuse('not_found'), { code: 'not_found', message: ERRORS.not_found.meaning })
  assert.deepEqual(refuse('too_large', { field: 'text', message: 'is too long' }), {
    code: 'too_large',
    field: 'text',
    message: 'is too long',
  })
  assert.ok(isRefusal(refuse('timeout')))
  for (const other of [null, 1, 'timeout', {}, { code: 'x', message: 'y' }, { code: 'timeout' }, { seq: 1, at: 2 }])
    assert.ok(!isRefusal(other))
})

test('a refusal, over HTTP, says whether the same may be sent again', () => {
  assert.deepEqual(httpError(refuse('unavailable')).error.retry, true)
  assert.ok(!('retry' in httpError(refuse('bad_request')).error))
  assert.equal(httpError(refuse('too_many_requests', { after_ms: 500 })).error.after_ms, 500)
})

test('a refusal, in the protocol, carries the number, and its code and field at the head of the message', () => {
  assert.deepEqual(protocolError(refuse('bad_request', { field: 'text', message: 'is required' })), {
    code: 107,
    message: 'bad_request text: is required',
  })
  assert.equal(
    protocolError(refuse('conflict', { field: 'revision', message: 'is old', state: { revision: 7 } })).message,
    'conflict revision: is old\n{"revision":7}',
  )
  assert.deepEqual(protocolError(refuse('timeout')), {
    code: 406,
    message: `timeout: ${ERRORS.timeout.meaning}`,
    temporary: true,
  })
})

test('close codes, by their range, ask to return or to stay away as their meaning says', () => {
  const away = Object.entries(CLOSE).filter(([, { code }]) => code >= 3500)
  const back = Object.entries(CLOSE).filter(([, { code }]) => code < 3500)
  assert.deepEqual(away.map(([name]) => name).sort(), [
    'bad_request',
    'connection_limit',
    'flood',
    'frame_too_large',
    'invalid_token',
    'revoked',
  ])
  assert.deepEqual(back.map(([name]) => name).sort(), [
    'busy',
    'expired',
    'insufficient_state',
    'internal',
    'no_pong',
    'shutdown',
    'slow',
    'stale',
  ])
  assert.equal(new Set(Object.values(CLOSE).map(({ code }) => code)).size, Object.keys(CLOSE).length)
  // A close frame holds 123 bytes of reason.
  for (const { reason } of Object.values(CLOSE)) assert.ok(reason.length <= 123)
  assert.ok(UNSUBSCRIBE.insufficient_state.code >= 2500 && UNSUBSCRIBE.removed.code < 2500)
})

test('limits, held against each other, fit into one another', () => {
  assert.ok(MAX.frameBytes >= 6 * MAX.textChars, 'the longest message fits a frame, also when JSON escapes it')
  assert.ok(MAX.entryBytes + FRAME / 16 <= FRAME, 'an entry and its headers fit one NATS message')
  assert.ok(MAX.historyBytes < FRAME && MAX.recoverBytes < FRAME)
  assert.ok(MAX.serverRooms <= MAX.connectionRooms)
  assert.ok(MAX.duplicateSeconds > MAX.replySeconds, 'what a client waits for is published again and known again')
  assert.ok(MAX.commandsAgeMs > MAX.replayAgeMs && MAX.replayAgeMs > MAX.replySeconds * 1_000)
  assert.ok(MAX.presenceGraceMs > MAX.presenceLeaseMs, 'offline is not said before a lease could have been renewed')
  for (const [name, { value, unit, why }] of Object.entries(LIMITS))
    assert.ok(value > 0 && unit !== '' && why !== '', name)
})

test('metrics, in their table, are named by their unit and have closed labels', () => {
  for (const [name, { type, labels, help }] of Object.entries(METRICS)) {
    assert.match(name, /^switchboard_(channel|process|edge|router|storage|notifier)_[a-z_]+$/)
    assert.equal(name.endsWith('_total'), type === 'counter', name)
    assert.ok(help !== '')
    for (const label of labels) assert.ok(!/^(user|room|id|cid|seq|edge)$/.test(label), `${name} by ${label}`)
  }
})

test('methods, that are commands, carry a cid, or change nothing when sent again', () => {
  for (const [name, { answerer, params, doc }] of Object.entries(METHODS)) {
    assert.match(doc, /\.$/, name)
    const fields = Object.keys((params as unknown as { properties: object }).properties)
    // A reply that is kept ready is put under a name: once or twice, it is there.
    const isCommand = answerer === 'room' || answerer === 'desk' || name.startsWith('desk.reply.')
    assert.equal(fields.includes('cid'), isCommand && name !== 'mark.read', name)
  }
})

test('types of events and signals, taken together, are all different', () => {
  const names = [ROOM_EVENTS, USER_EVENTS, DESK_EVENTS, SIGNALS].flatMap((table) => Object.keys(table))
  assert.equal(new Set(names).size, names.length)
})

test('channels, in their table, have someone at both ends and say what is promised', () => {
  for (const [name, channel] of Object.entries(CHANNELS) as [string, Channel][]) {
    assert.match(name, /^[a-z]+$/)
    assert.ok(channel.producers.length > 0 && channel.consumers.length > 0, name)
    assert.ok(channel.carries !== '' && channel.guarantee !== '' && channel.order !== '', name)
  }
})

test('commands of the protocol, in JSON, are the fields of the Protobuf command', () => {
  const command = /message Command \{([^}]*)\}/.exec(CENTRIFUGE_PROTO)?.[1] ?? ''
  const fields = [...command.matchAll(/ (\w+) = \d+;/g)].map(([, name]) => name).filter((name) => name !== 'id')
  assert.deepEqual(fields, [...COMMAND_NAMES])
})
