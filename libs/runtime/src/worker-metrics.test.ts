import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMeters } from './meters.ts'
import { WorkerMetrics } from './worker-metrics.ts'

const NOBODY: ReadonlySet<number> = new Set()

interface Told {
  readonly closes?: Readonly<Record<string, number>>
  readonly feeds?: number
  readonly seconds?: readonly number[]
}

/** What a worker would say that has counted this. */
async function textOf(worker: number | null, { closes = {}, feeds = 0, seconds = [] }: Told): Promise<string> {
  using meters = createMeters('edge', { worker, isIdle: worker === null })
  for (const [reason, count] of Object.entries(closes)) meters.count('switchboard_edge_closes_total', { reason }, count)
  if (worker !== null) meters.set('switchboard_edge_feeds', {}, feeds)
  for (const value of seconds) meters.observe('switchboard_channel_seconds', { channel: 'log' }, value)
  // Awaited here: without it the meters are gone before they are read.
  return await meters.text()
}

/** Samples by name and labels. */
function read(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const samples = new Map<string, number>()
  for (const line of lines) {
    const key = line.slice(0, line.lastIndexOf(' '))
    assert.ok(!samples.has(key), `${key} stands there twice`)
    samples.set(key, Number(line.slice(line.lastIndexOf(' '))))
  }
  return samples
}

const closes = (worker: number, reason: string) =>
  `switchboard_edge_closes_total{reason="${reason}",service="edge",worker="${worker}"}`
const feeds = (worker: number) => `switchboard_edge_feeds{service="edge",worker="${worker}"}`

test('metrics of workers, put together, stand side by side under one head, with what the parent says of itself', async () => {
  const all = new WorkerMetrics()
  all.take(1, await textOf(1, { closes: { slow: 2 }, feeds: 5 }))
  all.take(2, await textOf(2, { closes: { slow: 3, flood: 1 }, feeds: 7 }))
  const text = all.text(await textOf(null, {}), NOBODY)
  const samples = read(text)
  assert.deepEqual(
    [closes(1, 'slow'), closes(2, 'slow'), closes(2, 'flood'), feeds(1), feeds(2)].map((key) => samples.get(key)),
    [2, 3, 1, 5, 7],
  )
  assert.ok(samples.has('process_resident_memory_bytes{service="edge"}'), 'of the parent')
  assert.ok(samples.has('process_resident_memory_bytes{service="edge",worker="2"}'))
  const families = text.split('\n\n').map((block) => /^# TYPE (\S+)/m.exec(block)?.[1])
  assert.equal(new Set(families).size, families.length, 'a family stands there once')
  for (const block of text.trimEnd().split('\n\n')) {
    const [, name = ''] = /^# TYPE (\S+)/m.exec(block) ?? []
    for (const line of block.split('\n').slice(2)) assert.ok(line.startsWith(name), `${line} is not of ${name}`)
  }
})

test('counters of a worker that ended and of its next process are one sum, series that only one of them has included', async () => {
  const all = new WorkerMetrics()
  const own = await textOf(null, {})
  all.take(1, await textOf(1, { closes: { slow: 4, flood: 1 }, feeds: 9 }))
  all.ended(1)
  const between = read(all.text(own, NOBODY))
  assert.deepEqual([between.get(closes(1, 'slow')), between.get(feeds(1))], [4, undefined])
  all.take(1, await textOf(1, { closes: { slow: 1, busy: 2 }, feeds: 3 }))
  const after = read(all.text(own, NOBODY))
  assert.deepEqual(
    ['slow', 'flood', 'busy'].map((reason) => after.get(closes(1, reason))),
    [5, 1, 2],
  )
  assert.equal(after.get(feeds(1)), 3)
  all.ended(1)
  assert.equal(read(all.text(own, NOBODY)).get(closes(1, 'slow')), 5)
})

test('histograms over two processes of a worker are added bucket by bucket', async () => {
  const all = new WorkerMetrics()
  all.take(1, await textOf(1, { seconds: [0.002, 3] }))
  all.ended(1)
  all.take(1, await textOf(1, { seconds: [0.002] }))
  const samples = read(all.text('', NOBODY))
  const bucket = (le: string) =>
    samples.get(`switchboard_channel_seconds_bucket{le="${le}",service="edge",worker="1",channel="log"}`)
  assert.deepEqual([bucket('0.001'), bucket('0.0025'), bucket('2.5'), bucket('+Inf')], [0, 2, 2, 3])
  const whole = [...samples].flatMap(([key, value]) =>
    /^switchboard_channel_seconds_(sum|count)/.test(key) ? value : [],
  )
  assert.deepEqual(
    whole.map((value) => Math.round(value * 1_000) / 1_000),
    [3.004, 3],
  )
})

test('a worker that is silent keeps what it had counted, and nobody knows how it is', async () => {
  const all = new WorkerMetrics()
  all.take(1, await textOf(1, { closes: { slow: 4 }, feeds: 9 }))
  all.take(2, await textOf(2, { feeds: 1 }))
  const samples = read(all.text('', new Set([1])))
  assert.deepEqual([samples.get(closes(1, 'slow')), samples.get(feeds(1)), samples.get(feeds(2))], [4, undefined, 1])
})
