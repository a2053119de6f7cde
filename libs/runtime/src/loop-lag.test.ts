import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LoopTime, watchLoopLag } from './loop-lag.ts'

/** A turn of the loop, after which the watch has looked: its own immediate was there first. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('a loop that hangs once is late by that, and one that does not is not', async () => {
  using lag = watchLoopLag()
  await turn()
  const until = performance.now() + 60
  while (performance.now() < until);
  await turn()
  assert.ok(lag.seconds >= 0.06, `${lag.seconds} s`)
})

test('what was slept is not late; what was not stays for its ten seconds and the next ones, then it is forgotten', async () => {
  let now: LoopTime = { nowMs: 0, asleepMs: 0 }
  using lag = watchLoopLag(() => now)
  const pass = async (by: { worked: number; slept: number }) => {
    now = { nowMs: now.nowMs + by.worked + by.slept, asleepMs: now.asleepMs + by.slept }
    await turn()
  }
  await pass({ worked: 2, slept: 5_000 })
  assert.equal(lag.seconds, 0.002)
  await pass({ worked: 250, slept: 100 })
  assert.equal(lag.seconds, 0.25)
  await pass({ worked: 1, slept: 6_000 })
  assert.equal(lag.seconds, 0.25)
  await pass({ worked: 3, slept: 10_000 })
  assert.equal(lag.seconds, 0.003)
  await pass({ worked: 1, slept: 60_000 })
  assert.equal(lag.seconds, 0.001)
})
