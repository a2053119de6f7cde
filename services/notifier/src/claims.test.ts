import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ClaimDecision, type ClaimMemory, type ClaimRecord, decideClaim } from './claims.ts'

const SETTLE_MS = 100_000
const record = (change: Partial<ClaimRecord> = {}): { revision: number; value: ClaimRecord } => ({
  revision: 5,
  value: { owner: 'other', state: 'sending', tries: 1, unknown: 0, at: 1_000, ...change },
})
const decide = (found: ReturnType<typeof record> | null, memory?: ClaimMemory, now = 2_000): ClaimDecision =>
  decideClaim({ found, memory, owner: 'me', now, settleMs: SETTLE_MS })

test('a push that nobody claimed is taken', () => {
  assert.deepEqual(decide(null), { kind: 'take', expect: 0, tries: 0, unknown: 0 })
})

test('a claim of another that is fresh is left alone, one that has settled is abandoned and never sent again', () => {
  assert.deepEqual(decide(record()), { kind: 'wait', afterMs: 99_000 })
  assert.deepEqual(decide(record(), undefined, 1_000 + SETTLE_MS - 1), { kind: 'wait', afterMs: 1_000 })
  assert.deepEqual(decide(record(), undefined, 1_000 + SETTLE_MS), { kind: 'abandon' })
})

test('a push that another gave back is taken with its count of tries', () => {
  const found = record({ state: 'retry', tries: 3, unknown: 1 })
  assert.deepEqual(decide(found), { kind: 'take', expect: 5, tries: 3, unknown: 1 })
})

test('a claim of our own that is not in hand was never sent, or waits for its next try', () => {
  assert.deepEqual(decide(record({ owner: 'me' })), { kind: 'take', expect: 5, tries: 1, unknown: 0 })
  const memory: ClaimMemory = { state: 'retry', tries: 4, unknown: 1 }
  assert.deepEqual(decide(record({ owner: 'me' }), memory), { kind: 'take', expect: 5, tries: 4, unknown: 1 })
})

test('what this process has in hand or has settled is not touched', () => {
  assert.deepEqual(decide(record({ owner: 'me' }), { state: 'in-hand' }), { kind: 'wait', afterMs: SETTLE_MS })
  assert.deepEqual(decide(record({ owner: 'me' }), { state: 'settled' }), { kind: 'settled' })
})
