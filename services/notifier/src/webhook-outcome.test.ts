import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Transmission } from './transmit.ts'
import { webhookOutcome } from './webhook-outcome.ts'

const answered = (status: number): Transmission => ({ kind: 'answer', status, headers: {}, body: '' })
const attempt = (tries: number) => ({ attempt: tries, random: 0, startedAtMs: 0 })

test('answers of a webhook: taken, gone, unwanted, too many, and everything else again', () => {
  const kindOf = (status: number) => webhookOutcome(answered(status), attempt(0)).kind
  assert.deepEqual([200, 202, 204].map(kindOf), ['accepted', 'accepted', 'accepted'])
  assert.equal(kindOf(410), 'disable-device')
  assert.deepEqual([400, 413, 415, 422].map(kindOf), ['drop', 'drop', 'drop', 'drop'])
  assert.deepEqual([301, 401, 403, 404, 500, 503].map(kindOf), Array(6).fill('retry'))
  const paused = webhookOutcome(answered(429), { ...attempt(0), retryAfterMs: 7_000 })
  assert.deepEqual(paused, { kind: 'retry', afterMs: 7_000, safe: true, scope: 'device', reason: 'status 429' })
})

test('a webhook that fails again and again, then it is held back as a whole', () => {
  const lost: Transmission = { kind: 'lost', safe: false, reason: 'UND_ERR_HEADERS_TIMEOUT' }
  const kinds = [0, 1, 2, 3].map((tries) => webhookOutcome(lost, attempt(tries)).kind)
  assert.deepEqual(kinds, ['retry', 'retry', 'credential', 'credential'])
  const [first, second] = [0, 1].map((tries) => webhookOutcome(answered(500), attempt(tries)))
  assert.ok(first?.kind === 'retry' && second?.kind === 'retry' && second.afterMs === 2 * first.afterMs)
})
