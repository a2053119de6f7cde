import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Bucket, Buckets } from './rate.ts'

test('a burst, then it passes, and what comes after waits for its turn', () => {
  const bucket = new Bucket({ perSecond: 2, burst: 3 }, 0)
  assert.deepEqual([bucket.take(0), bucket.take(0), bucket.take(0), bucket.take(0)], [0, 0, 0, 500])
  assert.deepEqual([bucket.wait(400), bucket.take(500), bucket.take(500)], [100, 0, 500])
})

test('a clock that is set back, then nothing is given for it', () => {
  const bucket = new Bucket({ perSecond: 1, burst: 1 }, 10_000)
  assert.deepEqual([bucket.take(10_000), bucket.take(0), bucket.take(500)], [0, 1_000, 500])
})

test('more keys than are kept, then the least recently used one begins anew', () => {
  const buckets = new Buckets({ perSecond: 0.001, burst: 1, keysMax: 2 })
  assert.equal(buckets.take('a', 0), 0)
  assert.equal(buckets.take('b', 0), 0)
  assert.ok(buckets.take('a', 0) > 0)
  assert.equal(buckets.take('c', 0), 0)
  assert.ok(buckets.wait('a', 0) > 0)
  assert.equal(buckets.wait('b', 0), 0)
})
