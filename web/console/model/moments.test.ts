import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { agoText, secondsLeft, sinceText, snoozes } from './moments.ts'

test('moments past, then they are said in the largest unit', () => {
  const said = [0, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, -5].map((ms) =>
    agoText(1_000, 1_000 + ms),
  )
  assert.deepEqual(said, ['now', 'now', '1m', '59m', '1h', '23h', '1d', 'now'])
  assert.deepEqual([sinceText(0, 5), sinceText(0, 120_000)], ['just now', '2m ago'])
  assert.deepEqual([secondsLeft(5_500, 5_000), secondsLeft(5_000, 5_000), secondsLeft(1, 5_000)], [1, 0, 0])
})

test('any moment, then what is snoozed comes back later, and on mornings', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(2020, 0, 1), max: new Date(2040, 0, 1), noInvalidDate: true }), (date) => {
      const all = snoozes(date.getTime())
      for (const { at } of all) assert.ok(at > date.getTime() && at - date.getTime() <= 8 * 86_400_000)
      const [, , tomorrow, monday] = all.map(({ at }) => new Date(at))
      assert.deepEqual([tomorrow?.getHours(), monday?.getHours(), monday?.getDay()], [9, 9, 1])
    }),
  )
})
