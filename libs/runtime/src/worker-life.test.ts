import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import { LOOK_MS, type Order, WorkerLife } from './worker-life.ts'

const looksOf = (seconds: number) => (seconds * 1_000) / LOOK_MS
/** What so many looks in a row order. */
const looks = (life: WorkerLife, count: number): Order[] => Array.from({ length: count }, () => life.look())
const isQuiet = (orders: readonly Order[]) => orders.every((order) => order === 'nothing')

test('a worker that answers each question is asked again and again, and never given up', () => {
  const life = new WorkerLife()
  life.ready()
  for (let i = 0; i < 1_000; i += 1) {
    assert.equal(life.look(), 'ask')
    life.heard()
  }
  assert.equal(life.phase, 'ready')
})

test('a worker that answers late, but within its time, is asked once and not given up', () => {
  const life = new WorkerLife()
  life.ready()
  assert.deepEqual(looks(life, 1), ['ask'])
  assert.ok(isQuiet(looks(life, looksOf(MAX.workerSilentSeconds) - 1)))
  life.heard()
  assert.equal(life.look(), 'ask')
})

test('a worker that answers no more is killed once its time is over, and only once', () => {
  const life = new WorkerLife()
  life.ready()
  looks(life, looksOf(MAX.workerSilentSeconds))
  assert.equal(life.look(), 'kill')
  assert.equal(life.phase, 'ending')
  assert.ok(isQuiet(looks(life, 100)))
  assert.equal(life.ended(() => 0).cause, 'silent')
})

test('a worker that starts slowly is left alone until its time is over, then killed', () => {
  const life = new WorkerLife()
  assert.ok(isQuiet(looks(life, looksOf(MAX.workerStartSeconds))))
  assert.equal(life.look(), 'kill')
  assert.equal(life.ended(() => 0).cause, 'late')
})

test('a worker that ended rests for as long as the dice say, then is started, and is not killed for the time before', () => {
  const life = new WorkerLife()
  life.ready()
  const { cause, restMs } = life.ended(() => 0.999)
  assert.equal(cause, 'ended')
  assert.ok(isQuiet(looks(life, Math.ceil(restMs / LOOK_MS))))
  assert.equal(life.look(), 'start')
  life.started()
  assert.equal(life.phase, 'starting')
  assert.ok(isQuiet(looks(life, looksOf(MAX.workerStartSeconds))))
})

test('a worker that was given up and then ends by itself is counted for what it did last', () => {
  const life = new WorkerLife()
  life.ready()
  looks(life, looksOf(MAX.workerSilentSeconds) + 1)
  assert.equal(life.ended(() => 0).cause, 'silent')
  life.started()
  assert.equal(life.ended(() => 0).cause, 'ended')
})

const restsOf = (life: WorkerLife, ends: number, between: (life: WorkerLife) => void): number[] =>
  Array.from({ length: ends }, () => {
    between(life)
    const { restMs } = life.ended(() => 1)
    life.started()
    return restMs
  })

test('a worker that ends in each start rests longer each time, up to a bound', () => {
  const rests = restsOf(new WorkerLife(), 10, () => {})
  assert.deepEqual(rests.slice(0, 4), [250, 500, 1_000, 2_000])
  assert.equal(rests.at(-1), 15_000)
})

test('a worker that ends right after it was ready each time rests longer, too', () => {
  const rests = restsOf(new WorkerLife(), 3, (life) => life.ready())
  assert.deepEqual(rests, [250, 500, 1_000])
})

test('a worker that ends after it was sound for half a minute each time rests shortly', () => {
  const rests = restsOf(new WorkerLife(), 3, (life) => {
    life.ready()
    for (let i = 0; i < looksOf(30); i += 1) {
      life.look()
      life.heard()
    }
  })
  assert.deepEqual(rests, [250, 250, 250])
})
