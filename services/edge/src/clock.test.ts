import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Clock, sweeping, watchLoop } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import { Requests } from './requests.ts'

/** Turns of all timers there are, by hand. */
function fakeClock() {
  const timers = new Set<() => void>()
  const clock = {
    steady: () => 0,
    every: (_ms: number, then: () => void) => {
      timers.add(then)
      return () => timers.delete(then)
    },
  } as unknown as Clock
  const turn = () => {
    for (const then of [...timers]) then()
  }
  return { clock, timers, turn }
}

test('nothing to look at, then no timer; something, then one until nothing is left, and again', () => {
  const { clock, timers, turn } = fakeClock()
  let left = 0
  let looks = 0
  using sweeps = sweeping(clock, 100, () => {
    looks += 1
    left -= 1
    return left > 0
  })
  for (const round of [1, 2]) {
    assert.equal(timers.size, 0)
    left = 2
    sweeps.begin()
    sweeps.begin()
    assert.equal(timers.size, 1)
    turn()
    turn()
    turn()
    assert.equal(looks, 2 * round)
  }
  sweeps.begin()
  sweeps[Symbol.dispose]()
  assert.equal(timers.size, 0)
})

test('a command that nobody answers after a long rest, then timeout, and the edge rests again', async () => {
  const { clock, timers, turn } = fakeClock()
  const pending: number[] = []
  const events = { replied: () => {}, repliesPending: (count: number) => pending.push(count) } as unknown as EdgeEvents
  using requests = new Requests(clock, events)
  assert.deepEqual([timers.size, pending], [0, [0]])
  const { outcome } = requests.open()
  for (let sweeps = 0; sweeps < 1_000; sweeps += 1) turn()
  assert.equal(timers.size, 0)
  assert.equal(((await outcome) as { code: string }).code, 'timeout')
  assert.deepEqual([pending.at(-2), pending.at(-1)], [1, 0])
})

test('a loop that is never late is looked at once a second; late once is no overload, late again and again is one until it ends', () => {
  let now = 0
  let timer: { ms: number; then: () => void } | undefined
  const after = (ms: number, then: () => void) => {
    timer = { ms, then }
    return () => {
      timer = undefined
    }
  }
  using loop = watchLoop({ after }, () => now)
  /** @returns after how long it looked. */
  const look = (lateMs: number): number => {
    const { ms, then } = timer ?? assert.fail('nothing to wait for')
    now += ms + lateMs
    then()
    return ms
  }
  assert.deepEqual([look(0), look(2), look(0)], [1_000, 1_000, 1_000])
  const once = [look(1_500), ...Array.from({ length: 10 }, () => look(1))]
  assert.deepEqual(once, [1_000, ...Array(10).fill(100)])
  assert.equal(loop.lagMs, 1)
  assert.equal(look(1_200), 1_000, 'and seldom again')
  assert.equal(loop.lagMs, 1, 'too early to say')
  for (const lateMs of [1_300, 1_100]) look(lateMs)
  assert.equal(loop.lagMs, 1_200)
  for (const lateMs of [1_300, 1_100, 1_400]) assert.equal(look(lateMs), 100)
  assert.equal(loop.lagMs, 1_300)
  assert.equal(look(0), 100)
  assert.equal(loop.lagMs, 0)
  assert.equal(look(0), 1_000)
})
