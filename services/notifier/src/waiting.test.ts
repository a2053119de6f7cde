import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Waiting } from './waiting.ts'

test('as many wait for one line as may, then the next is refused, and other lines do not mind', () => {
  const waiting = new Waiting(2, () => 0)
  assert.deepEqual(
    [waiting.add('a', '1', 10), waiting.add('a', '2', 10), waiting.add('a', '3', 10)],
    [true, true, false],
  )
  assert.equal(waiting.add('a', '1', 20), true, 'one that waits already waits on')
  assert.equal(waiting.add('b', '3', 10), true)
  waiting.clear('a')
  assert.equal(waiting.add('a', '3', 10), true, 'something got through')
})

test('one that does not come back in its time, then it does not count any more', () => {
  const clock = { ms: 0 }
  const waiting = new Waiting(1, () => clock.ms)
  waiting.add('a', '1', 1_000)
  clock.ms = 31_000
  assert.equal(waiting.add('a', '2', 1_000), false)
  clock.ms = 31_001
  assert.equal(waiting.add('a', '2', 1_000), true)
})
