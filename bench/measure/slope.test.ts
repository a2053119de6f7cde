import assert from 'node:assert/strict'
import { test } from 'node:test'
import { growthOf, slopeOf } from './slope.ts'
import { tableOf } from './table.ts'

const SIZES = [10, 100, 1_000, 10_000]
const about = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}`)

/** A table with three rounds that differ by a tenth each way. */
const tableFor = (cost: (size: number) => number) =>
  tableOf(
    'growth',
    Object.fromEntries(SIZES.map((size) => [size, { 'CPU µs per x': [0.9, 1, 1.1].map((part) => part * cost(size)) }])),
  )

test('costs that grow as a power of the size, then the slope is that power', () => {
  for (const power of [-1, 0, 0.5, 1, 2])
    about(slopeOf(SIZES.map((size) => ({ size, cost: 3 * size ** power }))), power)
})

test('one size alone, or a cost of nothing, then there is no slope', () => {
  assert.throws(() => slopeOf([{ size: 10, cost: 1 }]), /no line/)
  assert.throws(() => slopeOf([...SIZES.slice(1).map((size) => ({ size, cost: 1 })), { size: 10, cost: 0 }]), /no line/)
})

test('a unit that costs the same or less at every size, then it is not worse than linear', () => {
  for (const cost of [() => 5, (size: number) => 5 / size, (size: number) => 5 * size ** 0.05]) {
    const [growth] = growthOf(tableFor(cost))
    assert.equal(growth?.isWorse, false)
    assert.deepEqual(growth?.sizes, SIZES)
  }
})

test('a unit that becomes dearer with the size, or only at the end, then it is worse than linear', () => {
  const [steady] = growthOf(tableFor((size) => size ** 0.3))
  about(steady?.slope.median ?? Number.NaN, 0.3)
  assert.equal(steady?.isWorse, true)
  const [bent] = growthOf(tableFor((size) => 1_000 / size + (size > 1_000 ? 5 : 0)))
  assert.ok((bent?.slope.max ?? 1) < 0)
  assert.equal(bent?.isWorse, true)
})

test('rounds that do not agree, then nothing is called worse', () => {
  const samples = { 10: { 'CPU µs per x': [1, 1, 1] }, 100: { 'CPU µs per x': [2, 2, 0.9] } }
  assert.equal(growthOf(tableOf('growth', samples))[0]?.isWorse, false)
})

test('what is no CPU, or used not one tick at some size, then it has no slope', () => {
  const samples = { 10: { 'pages/s': [1], 'CPU µs per x': [0] }, 100: { 'pages/s': [9], 'CPU µs per x': [1] } }
  assert.deepEqual(growthOf(tableOf('growth', samples)), [])
})
