import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NotStartedError } from './exchange.ts'
import { lossOf, lostVerdict } from './transmit.ts'

const failure = (fields: object): Error => Object.assign(new Error('x'), fields)

const rows: readonly (readonly [Error, safe: boolean, reason: string])[] = [
  [failure({ code: 'ECONNREFUSED', syscall: 'connect' }), true, 'ECONNREFUSED'],
  [failure({ code: 'ETIMEDOUT', syscall: 'connect' }), true, 'ETIMEDOUT'],
  [failure({ code: 'ENOTFOUND', syscall: 'getaddrinfo' }), true, 'ENOTFOUND'],
  [failure({ code: 'UND_ERR_CONNECT_TIMEOUT' }), true, 'UND_ERR_CONNECT_TIMEOUT'],
  [new NotStartedError('x'), true, 'NOT_STARTED'],
  [failure({ code: 'CERT_HAS_EXPIRED' }), true, 'CERT_HAS_EXPIRED'],
  [failure({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }), true, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [failure({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), true, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  [failure({ code: 'ERR_HTTP2_STREAM_ERROR', http2ErrorCode: 7 }), true, 'REFUSED_STREAM'],
  [failure({ code: 'ERR_HTTP2_STREAM_ERROR', http2ErrorCode: 8 }), false, 'ERR_HTTP2_STREAM_ERROR'],
  [failure({ code: 'UND_ERR_SOCKET' }), false, 'UND_ERR_SOCKET'],
  [failure({ code: 'UND_ERR_INFO' }), false, 'UND_ERR_INFO'],
  [failure({ code: 'UND_ERR_HEADERS_TIMEOUT' }), false, 'UND_ERR_HEADERS_TIMEOUT'],
  [failure({ code: 'ETIMEDOUT', syscall: 'read' }), false, 'ETIMEDOUT'],
  [failure({ name: 'TimeoutError' }), false, 'TimeoutError'],
]
for (const [error, safe, reason] of rows) {
  test(`${reason} is ${safe ? 'provably not processed' : 'unknown'}`, () => {
    assert.deepEqual(lossOf(error), { kind: 'lost', safe, reason })
  })
}

test('a lost push is tried again after a back-off that grows, for itself alone', () => {
  const at = (attempt: number) => lostVerdict({ safe: false, reason: 'x' }, { attempt, random: 0, startedAtMs: 0 })
  assert.deepEqual(at(0).outcome, { kind: 'retry', safe: false, scope: 'push', afterMs: 500, reason: 'x' })
  assert.deepEqual(at(3).outcome, { kind: 'retry', safe: false, scope: 'push', afterMs: 4_000, reason: 'x' })
})
