import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Faults, holdAgainst, SeqWatch, VoidRunError } from './void-run.ts'

test('events one after the other are right; a hole, a repeat and an older one are each seen', () => {
  const watch = new SeqWatch(10)
  assert.deepEqual(
    [11, 12, 14, 15, 15, 13].map((seq) => watch.take(seq)),
    [true, true, false, true, false, false],
  )
  assert.equal(watch.delivered, 6)
  assert.equal(watch.head, 13)
})

test('every process saw all and nothing wrong, then the run counts', () => {
  const right = { faults: 0, examples: [], delivered: 50 }
  assert.doesNotThrow(() => holdAgainst([right, right], 100))
})

test('one delivery too few or too many, then the run is void', () => {
  const right = { faults: 0, examples: [], delivered: 50 }
  assert.throws(() => holdAgainst([right, { ...right, delivered: 49 }], 100), VoidRunError)
  assert.throws(() => holdAgainst([right, { ...right, delivered: 51 }], 100), /101 deliveries, and 100 were due/)
})

test('a fault in one process though the sum is right, then the run is void and says why', () => {
  const faults = new Faults()
  for (let i = 0; i < 7; i += 1) faults.add(`a/room:1: 5 came ${i}`)
  const wrong = { faults: faults.count, examples: faults.first, delivered: 50 }
  assert.throws(
    () => holdAgainst([{ faults: 0, examples: [], delivered: 50 }, wrong], 100),
    (error: Error) => error instanceof VoidRunError && /^7 faults: a\/room:1: 5 came 0; /.test(error.message),
  )
  assert.equal(faults.first.length, 5)
})
