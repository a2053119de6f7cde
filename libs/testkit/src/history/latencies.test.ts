import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latencies } from './latencies.ts'
import type { JournalRecord, Return } from './records.ts'

const invoke = (atMs: number, id: string, cid: string, client = 'p1-1'): JournalRecord => ({
  ...{ type: 'invoke', atMs, id, client, user: 'ann' },
  operation: { name: 'send', cid, room: 'r', text: 't' },
})
const answer = (atMs: number, id: string, outcome: Return['outcome'] = 'ok', client = 'p1-1'): JournalRecord => ({
  ...{ type: 'return', atMs, id, client, user: 'ann', outcome },
  ...(outcome === 'ok' ? { seq: 1 } : {}),
})
const fault = (atMs: number, phase: 'begin' | 'healed', id = 'f1'): JournalRecord => ({
  ...{ type: 'fault', atMs, phase, id, name: 'kill', target: 'router-1' },
})
const byTime = (records: JournalRecord[]) => records.sort((a, b) => a.atMs - b.atMs)

test('what was asked for in a fault, or soon after it, counts to the fault, and all else to quiet time', () => {
  const rows = latencies(
    byTime([
      ...[invoke(0, '1', 'a'), answer(10, '1')],
      ...[fault(1_000, 'begin'), invoke(2_000, '2', 'b'), answer(2_300, '2'), fault(3_000, 'healed')],
      ...[invoke(7_999, '3', 'c'), answer(8_099, '3')],
      ...[invoke(8_500, '4', 'd'), answer(8_520, '4'), invoke(20_000, '5', 'e'), answer(20_030, '5')],
    ]),
  )
  const short = rows.map(({ fault, times, acknowledged, p50Ms, p99Ms }) => [fault, times, acknowledged, p50Ms, p99Ms])
  assert.deepEqual(short, [
    ['kill', 1, 2, 300, 300],
    ['quiet', 2, 3, 20, 30],
  ])
})

test('one thing, asked for three times, took from its first attempt to its first acknowledgement', () => {
  const rows = latencies(
    byTime([
      ...[fault(0, 'begin'), invoke(100, '1', 'a'), answer(600, '1', 'unknown'), invoke(700, '2', 'a')],
      ...[answer(1_100, '2'), invoke(1_200, '3', 'a'), answer(1_300, '3'), fault(2_000, 'healed')],
    ]),
  )
  assert.deepEqual([rows[0]?.acknowledged, rows[0]?.p50Ms, rows[0]?.outageMs], [1, 1_000, 1_000])
})

test('an outage, of all and of one client, is only as long as somebody waited for it', () => {
  const rows = latencies(
    byTime([
      ...[fault(0, 'begin'), invoke(100, '1', 'a'), invoke(150, '2', 'b', 'p2-1'), answer(400, '2', 'ok', 'p2-1')],
      // Nobody waits from 900 to 5,000.
      ...[answer(900, '1'), invoke(5_000, '3', 'c'), answer(5_600, '3'), fault(6_000, 'healed')],
    ]),
  )
  assert.deepEqual([rows[0]?.outageMs, rows[0]?.clientOutageMs], [600, 800])
})

test('what is never answered is an outage to the end, what was given up one until then, and what was refused is none', () => {
  const silent = latencies([fault(0, 'begin'), invoke(1_000, '1', 'a'), fault(4_000, 'healed')])
  assert.deepEqual([silent[0]?.acknowledged, silent[0]?.outageMs], [0, 3_000])
  const lost = latencies([
    fault(0, 'begin'),
    invoke(1_000, '1', 'a'),
    answer(2_000, '1', 'unknown'),
    fault(4_000, 'healed'),
  ])
  assert.deepEqual([lost[0]?.acknowledged, lost[0]?.outageMs], [0, 1_000])
  const refused = latencies([
    fault(0, 'begin'),
    invoke(1_000, '1', 'a'),
    answer(2_000, '1', 'refused'),
    fault(4_000, 'healed'),
  ])
  assert.deepEqual([refused[0]?.acknowledged, refused[0]?.outageMs], [0, 0])
})

test('faults of one name that overlap, and one that is never healed, are counted by their number and joined in time', () => {
  const records = [fault(0, 'begin'), fault(1_000, 'begin', 'f2'), fault(2_000, 'healed'), invoke(50_000, '1', 'a')]
  const rows = latencies([...records, answer(50_100, '1')])
  assert.deepEqual([rows[0]?.times, rows[0]?.acknowledged, rows[1]?.times], [2, 1, 0])
})
