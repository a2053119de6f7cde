import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Floor } from './floor.ts'

test('Floor, for any order of finishing, then it is the input below the oldest unfinished one', () => {
  const order = fc.integer({ min: 1, max: 60 }).chain((n) =>
    fc.shuffledSubarray(
      Array.from({ length: n }, (_, i) => i),
      { minLength: n, maxLength: n },
    ),
  )
  fc.assert(
    fc.property(order, (finishing) => {
      const floor = new Floor(100)
      const inputs = finishing.map((_, i) => 101 + 2 * i)
      const finish = inputs.map((input) => floor.take(input))
      const unfinished = new Set(inputs)
      for (const i of finishing) {
        finish[i]?.()
        unfinished.delete(inputs[i] ?? 0)
        const oldest = Math.min(...unfinished)
        const below = inputs.filter((input) => input < oldest)
        assert.equal(floor.value, below.at(-1) ?? 100)
      }
      assert.equal(floor.inHand, 0)
    }),
  )
})

test('Floor, with too much in hand, then its reader waits until enough is finished', async () => {
  const floor = new Floor(0)
  const finish = [1, 2, 3, 4].map((input) => floor.take(input))
  let isBelow = false
  const waiting = floor.below(2).then(() => {
    isBelow = true
  })
  finish[0]?.()
  finish[1]?.()
  await Promise.resolve()
  assert.equal(isBelow, false)
  finish[2]?.()
  await waiting
  assert.equal(isBelow, true)
})
