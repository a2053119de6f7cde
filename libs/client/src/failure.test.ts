import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS, type ErrorCode, httpError, protocolError, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { fromHttp, fromProtocol } from './failure.ts'
import { TEXT_CHARS_MAX } from './outbox.ts'

test('every refusal of the table, when it crosses the wire, then code, field, message and retry arrive', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    for (const detail of [{}, { field: 'mentions.0' }, { field: 'text', message: 'must not: be empty' }]) {
      const refusal = refuse(code, detail)
      const byProtocol = fromProtocol(protocolError(refusal))
      const byHttp = fromHttp(ERRORS[code].http, httpError(refusal))
      for (const error of [byProtocol, byHttp]) {
        assert.deepEqual(
          [error.code, error.field, error.message, error.retry],
          [code, refusal.field, refusal.message, ERRORS[code].retry],
        )
      }
    }
  }
})

test('a conflict with a state, when it crosses the wire, then the state arrives and the message is without it', () => {
  const refusal = refuse('conflict', { field: 'revision', state: { revision: 7, agent: 'ann' } })
  for (const error of [fromProtocol(protocolError(refusal)), fromHttp(409, httpError(refusal))]) {
    assert.deepEqual([error.message, error.state], [refusal.message, { revision: 7, agent: 'ann' }])
  }
})

test('failures without an answer, when read, then they may be retried; nonsense may not', () => {
  assert.deepEqual(
    [fromProtocol({ code: 1, message: 'timeout' }).code, fromProtocol({ code: 1 }).retry],
    ['timeout', true],
  )
  assert.deepEqual([fromProtocol({ code: 11 }).code, fromProtocol({ code: 2 }).retry], ['disconnected', true])
  assert.equal(fromProtocol(new Error('x')).retry, false)
  assert.equal(fromProtocol({ code: 500, message: 'odd' }).code, 'bad_answer')
  assert.deepEqual([fromHttp(502, null).retry, fromHttp(404, '<html>').retry], [true, false])
})

test('the bound on a text, when compared with the server’s, then they are the same', () => {
  assert.equal(TEXT_CHARS_MAX, MAX.textChars)
})
