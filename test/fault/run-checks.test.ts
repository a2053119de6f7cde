import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JournalRecord } from '@switchboard/testkit/history/records'
import { heldBy, longestOutage, misheld, percentile, sendTimes, waitingIn } from './run-checks.ts'

const asks = (atMs: number, id: string, user = 'u1'): JournalRecord => ({
  type: 'invoke',
  atMs,
  id,
  user,
  client: 'p1-1',
  operation: { name: 'send', cid: id, room: 'r', text: 'hello' },
})

const gets = (atMs: number, id: string, outcome: 'ok' | 'refused' | 'unknown', user = 'u1'): JournalRecord => ({
  type: 'return',
  atMs,
  id,
  user,
  client: 'p1-1',
  outcome,
})

const SPAN = { fromMs: 0, toMs: 100_000 }

test('times of sending, within a span, are those asked in it; no answer is endless and a refusal is none', () => {
  const records = [
    ...[asks(5, 'early'), asks(10, 'a'), asks(11, 'b'), asks(12, 'c'), asks(13, 'd')],
    ...[gets(14, 'early', 'ok'), gets(30, 'a', 'ok'), gets(31, 'b', 'refused'), gets(32, 'c', 'unknown')],
  ]
  const times = sendTimes(records, { fromMs: 10, toMs: 100 })
  assert.deepEqual(times, [20, Infinity, Infinity])
  assert.equal(percentile(times, 0.1), 20)
  assert.equal(percentile(times, 0.99), Infinity)
  assert.equal(percentile([], 0.5), Infinity, 'a system that nobody uses has not recovered')
})

test('a message of one who goes away on purpose, before its answer, is no time of sending', () => {
  const ended: JournalRecord = { type: 'connection', atMs: 20, client: 'p1-1', user: 'u1', state: 'ended' }
  const lost: JournalRecord = { ...ended, state: 'lost' }
  assert.deepEqual(sendTimes([asks(10, 'a'), ended, gets(21, 'a', 'unknown')], SPAN), [])
  assert.deepEqual(sendTimes([asks(10, 'a'), lost, gets(21, 'a', 'unknown')], SPAN), [Infinity])
})

test('the longest outage, of one who asks in vain, goes from the first question to the next acknowledgement', () => {
  const records = [
    ...[asks(0, 'a'), gets(10, 'a', 'ok'), asks(1_000, 'b'), gets(6_000, 'b', 'unknown'), asks(7_000, 'c')],
    ...[asks(8_000, 'x', 'u2'), gets(8_100, 'x', 'ok', 'u2'), gets(9_000, 'c', 'ok')],
  ]
  assert.deepEqual(longestOutage(records, SPAN), { user: 'u1', ms: 8_000, fromMs: 1_000 })
})

test('an outage that never ends, of one who went away, ends with the last thing asked for', () => {
  const records = [asks(1_000, 'a'), asks(4_000, 'b'), asks(90_000, 'y', 'u2'), gets(90_010, 'y', 'ok', 'u2')]
  assert.deepEqual(longestOutage(records, SPAN), { user: 'u1', ms: 3_000, fromMs: 1_000 })
  assert.equal(longestOutage([], SPAN), undefined)
})

test('what waits in a process, as its metrics say, is lag and what is in hand, but no pushes', () => {
  const samples = new Map([
    ['switchboard_storage_lag_seconds{service="storage"}', 1.5],
    ['switchboard_channel_pending{channel="mongo",service="storage"}', 0],
    ['switchboard_channel_pending{channel="replies",service="edge"}', 2],
    ['switchboard_channel_pending{channel="pushes",service="notifier"}', 9],
  ])
  assert.equal(waitingIn(samples).length, 2)
  assert.deepEqual(waitingIn(new Map()), [])
})

test('what a process holds, when all is quiet, is named if it is too much or cannot be seen', () => {
  const fine = new Map([['process_resident_memory_bytes{service="edge"}', 90e6]])
  assert.deepEqual(heldBy('edge-1', fine), [])
  assert.match(
    heldBy('edge-1', new Map([['process_resident_memory_bytes{service="edge"}', 9e9]]))[0] ?? '',
    /edge-1 holds/,
  )
  assert.match(heldBy('edge-1', new Map([['switchboard_edge_outbox_bytes', 1]]))[0] ?? '', /outbox/)
  assert.deepEqual(heldBy('edge-1', new Map()), ['edge-1 shows no metrics'])
})

test('partitions, held by two or by nobody, are told by their number', () => {
  const holds = (service: string, count: number) =>
    new Map([[`switchboard_${service}_partitions{service="${service}"}`, count]])
  const right = [holds('router', 40), holds('router', 24)]
  assert.deepEqual(
    misheld([
      ['router', right],
      ['storage', [holds('storage', 64)]],
    ]),
    [],
  )
  assert.deepEqual(
    misheld([
      ['router', [...right, holds('router', 1)]],
      ['storage', [holds('storage', 32)]],
    ]),
    ['routers hold 65 partitions of 64', 'storages hold 32 partitions of 64'],
  )
})
