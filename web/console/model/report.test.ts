import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReportRow } from '@switchboard/contracts/desk-reports'
import { durationText, rangeText, ratingText, rowName, sortedRows, spanOf } from './report.ts'

const row = (key: string, conversations: number): ReportRow => ({
  ...{ key, conversations, abandoned: 0, breached: 0, rating: null, ratings: 0 },
  ...{ waiting_ms_p50: null, waiting_ms_p90: null, first_reply_ms_p50: null, first_reply_ms_p90: null },
  ...{ handling_ms_p50: null, handling_ms_p90: null },
})
const keys = (rows: readonly ReportRow[]) => rows.map(({ key }) => key)

test('a period, then it begins at midnight and ends now', () => {
  const now = new Date(2026, 2, 3, 14, 30).getTime()
  const days = (['today', 'week', 'month'] as const).map((period) => spanOf(period, now))
  assert.deepEqual(
    days.map(({ from }) => from),
    [new Date(2026, 2, 3), new Date(2026, 1, 25), new Date(2026, 1, 2)].map((day) => day.getTime()),
  )
  assert.ok(days.every(({ to }) => to === now))
})

test('how long something took, then it is said in units that one can picture', () => {
  const all = [null, 0, 8_400, 59_000, 180_000, 3_600_000, 3_900_000, 172_800_000]
  assert.deepEqual(all.map(durationText), ['–', '0 s', '8 s', '59 s', '3 min', '1 h', '1 h 5 min', '2 d'])
  assert.deepEqual([rangeText(1_000, 60_000), rangeText(null, null)], ['1 s · 1 min', '–'])
  assert.deepEqual(
    [ratingText({ rating: 4.25, ratings: 8 }), ratingText({ rating: null, ratings: 0 })],
    ['4.3 of 5 (8)', '–'],
  )
})

test('rows, then hours are in their order, agents by how much they did, and nobody has a name', () => {
  const rows = [row('b', 1), row('a', 1), row('c', 9)]
  assert.deepEqual(keys(sortedRows(rows, 'agent')), ['c', 'a', 'b'])
  assert.deepEqual(keys(sortedRows(rows, 'hour')), ['a', 'b', 'c'])
  const upper = (key: string) => key.toUpperCase()
  assert.deepEqual([rowName('agent', 'ann', upper), rowName('agent', '', upper)], ['ANN', 'Nobody'])
  assert.match(rowName('hour', '2026-01-31T09:00Z', upper), /31/)
})
