import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backOffMs, retryAfterMs } from './back-off.ts'

test('back-off spreads over the second half of each step', () => {
  assert.equal(backOffMs(1_000, 2, 0), 2_000)
  assert.equal(backOffMs(1_000, 2, 0.5), 3_000)
})

test('Retry-After is read as seconds or a date, is never negative, and is bounded', () => {
  const now = Date.parse('2026-11-20T10:00:00Z')
  assert.equal(retryAfterMs('2', now), 2_000)
  assert.equal(retryAfterMs('Fri, 20 Nov 2026 10:00:30 GMT', now), 30_000)
  assert.equal(retryAfterMs('Fri, 20 Nov 2026 09:00:00 GMT', now), 0)
  assert.equal(retryAfterMs('999999999', now), 3_600_000)
  assert.equal(retryAfterMs(undefined, now), undefined)
  assert.equal(retryAfterMs('soon', now), undefined)
})
