import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ground } from '../stage.ts'
import { growing, shortened, sizesAt } from './axis.ts'

const options = { ground: {} as Ground, pairs: 5, seconds: 10, scale: 1, report: () => {} }

test('sizes at full scale are themselves, and at a tiny one they still grow', () => {
  assert.deepEqual(sizesAt([100, 1_000, 10_000], 1, 50), [100, 1_000, 10_000])
  assert.deepEqual(sizesAt([100, 1_000, 10_000], 0.01, 50), [50, 100, 150])
})

test('options of other benches, shortened, are never longer and may be smaller', () => {
  assert.deepEqual([shortened(options).pairs, shortened(options).seconds], [3, 4])
  assert.deepEqual([shortened({ ...options, pairs: 1, seconds: 0.5 }).pairs], [1])
})

test('sizes measured in turn, then the columns are called by them, from the smallest on', async () => {
  const asked: number[] = []
  const about = { title: 'of x', axis: 'x', sizes: [10, 100] }
  const table = await growing(about, { ...options, pairs: 2 }, async (size) => ({ us: size + asked.push(size) }))
  assert.deepEqual(asked, [10, 100, 10, 100, 10, 100])
  assert.equal(table.axis, 'x')
  assert.deepEqual(Object.keys(table.rows[0]?.of ?? {}), ['10', '100'])
  assert.deepEqual(table.rows[0]?.of['100']?.samples, [104, 106])
})
