import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import fc from 'fast-check'
import { backoffMs, DeadlineError, pause, pausing, untilStepMs, within } from './deadline.ts'

const never = new Promise<never>(() => {})

/** Timers that move only when told to, given back afterwards. */
function fakeTimers(): Disposable {
  mock.timers.enable({ apis: ['setTimeout'] })
  return { [Symbol.dispose]: () => mock.timers.reset() }
}

test('a wait, answered in time, is the answer, and no timer is left', async () => {
  using _ = fakeTimers()
  assert.equal(await within(100, Promise.resolve(7), 'an answer'), 7)
  mock.timers.tick(1_000)
})

test('a wait, that fails in time, fails with the same error', async () => {
  using _ = fakeTimers()
  const error = new TypeError('no')
  await assert.rejects(within(100, Promise.reject(error), 'an answer'), error)
})

test('a wait, without an answer, ends at its deadline and not before, and says what took so long', async () => {
  using _ = fakeTimers()
  const ended: unknown[] = []
  const waiting = within(100, never, 'the answer').catch((error: unknown) => ended.push(error))
  mock.timers.tick(99)
  await Promise.resolve()
  assert.equal(ended.length, 0)
  mock.timers.tick(1)
  await waiting
  const [error] = ended
  assert.ok(error instanceof DeadlineError)
  assert.equal(error.name, 'DeadlineError')
  assert.equal(error.message, 'the answer took longer than 100 ms')
})

test('a pause, without a signal, ends after its time', async () => {
  using _ = fakeTimers()
  let ended = false
  const waiting = pause(50).then(() => {
    ended = true
  })
  mock.timers.tick(49)
  await Promise.resolve()
  assert.equal(ended, false)
  mock.timers.tick(1)
  await waiting
  assert.ok(ended)
})

test('a pause, when its signal aborts before or during, ends at once and without an error', async () => {
  using _ = fakeTimers()
  const abort = new AbortController()
  const waiting = pause(1_000_000, abort.signal)
  abort.abort()
  await waiting
  await pause(1_000_000, abort.signal)
})

test('a back-off, for any attempt and dice, is within its doubling bound and never above the longest', () => {
  const dice = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.nat(2_000), dice, (attempt, random) => {
      const ms = backoffMs(attempt, () => random)
      assert.ok(ms >= 0 && ms <= Math.min(5_000, 100 * 2 ** attempt))
    }),
  )
  assert.equal(
    backoffMs(3, () => 1, { base: 10, max: 1_000 }),
    80,
  )
})

test('pauses of many for one signal: each ends after its time, all when it aborts, and none begins after', async () => {
  const abort = new AbortController()
  const pauseFor = pausing(abort.signal)
  await pauseFor(1)
  const all = Array.from({ length: 3 }, () => pauseFor(1_000_000))
  abort.abort()
  await Promise.all(all)
  await pauseFor(1_000_000)
})

test('the next moment, from anywhere, is a whole number of periods, never at once, and seldom later than the next', () => {
  const period = fc.integer({ min: 1, max: 10_000 })
  const now = fc.double({ min: 0, max: 1e9, noNaN: true })
  fc.assert(
    fc.property(period, now, (everyMs, nowMs) => {
      const untilMs = untilStepMs(everyMs, nowMs)
      const offMs = (nowMs + untilMs) % everyMs
      assert.ok(Math.min(offMs, everyMs - offMs) < 1e-3, `${offMs} ms off`)
      assert.ok(untilMs > everyMs / 20 && untilMs <= 1.050_001 * everyMs)
    }),
  )
  assert.deepEqual([untilStepMs(750, 1_000), untilStepMs(750, 1_499), untilStepMs(1_500, 1_000)], [500, 751, 500])
})
