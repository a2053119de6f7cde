import assert from 'node:assert/strict'
import { test } from 'node:test'
import { median, ratios, spreadOf } from './statistics.ts'

test('an odd and an even count of values in any order, then the middle or the mean of both middles', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([10, 2, 4, 100]), 7)
  assert.equal(median([3]), 3)
  assert.throws(() => median([]), /no values/)
})

test('sorting is by number, then 10 is more than 9', () => {
  assert.equal(median([10, 9, 100]), 10)
})

test('a spread holds median, least and most, and values that were not measured are refused', () => {
  assert.deepEqual(spreadOf([4, 2, 9]), { median: 4, min: 2, max: 9 })
  assert.throws(() => spreadOf([1, Number.NaN]), /NaN is no measured value/)
  assert.throws(() => spreadOf([1, Number.POSITIVE_INFINITY]), /Infinity/)
  assert.throws(() => spreadOf([]), /no values/)
})

test('ratios are of each pair, then a drift of the machine cancels out', () => {
  assert.deepEqual(ratios([2, 4, 8], [1, 2, 4]), [2, 2, 2])
  assert.throws(() => ratios([1, 2], [1]), /2 values and 1 limits are no pairs/)
})
