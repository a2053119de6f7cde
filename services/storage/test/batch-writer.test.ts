import assert from 'node:assert/strict'
import test from 'node:test'
import { BatchWriter, type WriterOptions } from '../src/batch-writer.ts'
import { systemClock } from '../src/clock.ts'
import type { StoredRecord } from '../src/record.ts'
import { until } from './stage.ts'

class PoisonError extends Error {
  override name = 'PoisonError'
}

const record = (seq: number): StoredRecord => ({
  origin: { source: 'log', partition: 1, incarnation: 'i', seq },
  content: { kind: 'mark', mark: { room: 'r', user: 'u', seq, n: seq, at: 0 } },
})

const LIMITS = { bulkEvents: 5, bulkMs: 60_000, queueEvents: 12, queueBytes: 1e9 }

const seqs = (records: readonly StoredRecord[]) => records.map(({ origin }) => origin.seq)

function writer(options: Partial<WriterOptions> & Pick<WriterOptions, 'write'>) {
  return new BatchWriter({
    clock: systemClock,
    isPoison: (error) => error instanceof PoisonError,
    bury: async () => {},
    failed: () => {},
    waiting: () => {},
    limits: LIMITS,
    ...options,
  })
}

test('so many events wait, then they are written at once, in order and in batches of at most that many', async () => {
  const batches: number[][] = []
  await using writing = writer({ write: async (records) => void batches.push(seqs(records)) })
  for (let seq = 1; seq <= 11; seq += 1) writing.add(record(seq))
  await until(() => batches.length === 2, 'two full batches')
  await writing.finish(1_000)
  assert.deepEqual(batches, [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10], [11]])
})

test('one event waits for its time, then it is written without company', async () => {
  const batches: number[][] = []
  await using writing = writer({
    write: async (records) => void batches.push(seqs(records)),
    limits: { ...LIMITS, bulkMs: 30 },
  })
  writing.add(record(1))
  await until(() => batches.length === 1, 'the batch')
  assert.deepEqual(batches, [[1]])
})

test('the wall clock is set back while an event waits, then it is written in its time all the same', async () => {
  const batches: number[][] = []
  let setBackMs = 0
  await using writing = writer({
    write: async (records) => void batches.push(seqs(records)),
    clock: { ...systemClock, nowMs: () => Date.now() - setBackMs },
    limits: { ...LIMITS, bulkMs: 30 },
  })
  writing.add(record(1))
  setBackMs = 300_000
  writing.add(record(2))
  await until(() => batches.length === 1, 'the batch')
  assert.deepEqual(batches, [[1, 2]])
})

test('the database is away, then the batch is tried until it is back and reading pauses at the limit', async () => {
  let isAway = true
  const written: number[] = []
  const attempts: number[] = []
  const lags: number[] = []
  await using writing = writer({
    write: async (records) => {
      if (isAway) throw new Error('away')
      written.push(...seqs(records))
    },
    failed: (_, attempt) => void attempts.push(attempt),
    waiting: (_, forMs) => void lags.push(forMs),
  })
  let seq = 0
  let full: Promise<void> | undefined
  while (!full) {
    seq += 1
    full = writing.add(record(seq))
  }
  // Five are in hand, and twelve wait at most.
  assert.ok(seq <= 17, `${seq} were taken`)
  await until(() => attempts.length >= 3, 'three attempts')
  assert.deepEqual(written, [])
  // What is in hand counts as waiting: an outage must show in the lag.
  assert.ok(Number(lags.at(-1)) > 0)
  isAway = false
  await full
  await writing.finish(1_000)
  assert.deepEqual(
    written,
    Array.from({ length: seq }, (_, i) => i + 1),
  )
})

test('one record is poison, then it alone is buried before its position moves, and the others are written', async () => {
  const written: string[] = []
  const buried: number[] = []
  await using writing = writer({
    write: async (records) => {
      if (records.some(({ origin, content }) => origin.seq === 3 && content.kind === 'mark'))
        throw new PoisonError('bad')
      written.push(...records.map(({ origin, content }) => `${origin.seq} ${content.kind}`))
    },
    bury: async ({ origin }, reason) => {
      assert.match(reason, /bad/)
      assert.ok(!written.some((each) => each.startsWith('3')))
      buried.push(origin.seq)
    },
  })
  for (let seq = 1; seq <= 5; seq += 1) writing.add(record(seq))
  await writing.finish(1_000)
  assert.deepEqual(buried, [3])
  assert.deepEqual(written, ['1 mark', '2 mark', '3 nothing', '4 mark', '5 mark'])
})

test('the process stops while the database is away, then stopping takes no longer than it may', async () => {
  const writing = writer({
    write: async () => {
      throw new Error('away')
    },
  })
  writing.add(record(1))
  const started = Date.now()
  await writing.finish(100)
  await writing[Symbol.asyncDispose]()
  assert.ok(Date.now() - started < 2_000)
})

test('few events that are large, then reading pauses at their bytes, until they are written', async () => {
  const gate = Promise.withResolvers<void>()
  await using writing = writer({ write: () => gate.promise, limits: { ...LIMITS, queueBytes: 4_000 } })
  const large = (seq: number) => ({ ...record(seq), raw: { subject: 's', data: new Uint8Array(1_000) } })
  const pauses = [1, 2, 3, 4].map((seq) => writing.add(large(seq)))
  assert.deepEqual(
    pauses.map((pause) => pause !== undefined),
    [false, false, false, true],
  )
  gate.resolve()
  await writing.finish(1_000)
  await pauses[3]
  assert.equal(writing.add(large(5)), undefined)
})
