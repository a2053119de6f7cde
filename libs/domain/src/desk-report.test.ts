import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Reported, reportOf } from './desk-report.ts'

const HOUR_MS = 3_600_000
const NINE = Date.parse('2026-01-31T09:00:00Z')
const one = (more: Partial<Reported>): Reported => ({
  ...{ desk: 'd1', agent: 'ann', state: 'closed', entered_at: NINE, answered_at: NINE + 1_000 },
  ...{ replied_at: NINE + 2_000, ended_at: NINE + 61_000, score: null, breached: [] },
  ...more,
})

test('conversations, reported by desk, are counted with the times that half and nine in ten took', () => {
  const all = [
    ...Array.from({ length: 9 }, (_, i) => one({ answered_at: NINE + (i + 1) * 1_000, score: i === 0 ? 5 : null })),
    one({ answered_at: null, replied_at: null, agent: null, score: 2, breached: ['waiting'] }),
  ]
  const [row, ...others] = reportOf(all, 'desk')
  assert.deepEqual(others, [])
  assert.deepEqual(
    [row?.key, row?.conversations, row?.abandoned, row?.breached, row?.waiting_ms_p50, row?.waiting_ms_p90],
    ['d1', 10, 1, 1, 5_000, 9_000],
  )
  assert.deepEqual([row?.first_reply_ms_p90, row?.handling_ms_p50, row?.rating, row?.ratings], [2_000, 56_000, 3.5, 2])
})

test('conversations, reported by agent and by hour, stand in the row of each; what did not happen is null', () => {
  const waits = one({
    state: 'queued',
    agent: null,
    entered_at: NINE + HOUR_MS,
    answered_at: null,
    replied_at: null,
    ended_at: null,
  })
  const rows = reportOf([one({}), waits, one({ agent: 'ben', entered_at: NINE + 59_999 })], 'agent')
  assert.deepEqual(
    rows.map(({ key, conversations, abandoned, waiting_ms_p50 }) => [key, conversations, abandoned, waiting_ms_p50]),
    [
      ['', 1, 0, null],
      ['ann', 1, 0, 1_000],
      ['ben', 1, 0, 0],
    ],
  )
  assert.deepEqual(
    reportOf([one({}), waits, one({})], 'hour').map(({ key, conversations }) => [key, conversations]),
    [
      ['2026-01-31T09:00Z', 2],
      ['2026-01-31T10:00Z', 1],
    ],
  )
  assert.deepEqual(reportOf([], 'hour'), [])
})
