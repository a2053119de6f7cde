import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram, mergeCounts, percentileMs } from './histogram.ts'

const isAbout = (actual: number, expected: number) =>
  assert.ok(actual >= expected * 0.999 && actual <= expected * 1.021, `${actual} is not about ${expected}`)

test('a thousand durations in two processes, then percentiles are those of all, at most 2 % too high', () => {
  const halves = [new Histogram(), new Histogram()]
  for (let i = 1; i <= 1_000; i += 1) halves[i % 2]?.add(i * 100)
  const counts = mergeCounts(halves.map((half) => half.counts))
  isAbout(percentileMs(counts, 0.5), 50)
  isAbout(percentileMs(counts, 0.99), 99)
  isAbout(percentileMs(counts, 1), 100)
})

test('durations beyond both ends are kept, and nothing counted has no percentile', () => {
  const histogram = new Histogram()
  assert.throws(() => percentileMs(histogram.counts, 0.5), /nothing was timed/)
  histogram.add(0)
  histogram.add(-5)
  assert.equal(percentileMs(histogram.counts, 1), 0.001)
  histogram.add(1e12)
  assert.ok(percentileMs(histogram.counts, 1) > 60_000)
  histogram.clear()
  assert.throws(() => percentileMs(histogram.counts, 0.5), /nothing was timed/)
})
