import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ticking } from './clock.ts'

test('a clock with something to do ticks often, one without seldom, until it is told to hurry, and a stopped one never', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  let isBusy = true
  let ticks = 0
  let now = 0
  const pass = (ms: number): number => {
    const before = ticks
    for (let passed = 0; passed < ms; passed += 1) {
      now += 1
      t.mock.timers.tick(1)
    }
    return ticks - before
  }
  const clock = ticking({ everyMs: 10, restMs: 100, nowMs: () => now }, () => {
    ticks += 1
    return isBusy
  })
  assert.equal(pass(50), 5)
  clock.hurry()
  assert.equal(pass(10), 1, 'it hurries already')
  isBusy = false
  assert.equal(pass(10), 1)
  assert.equal(pass(29), 0)
  assert.equal(pass(1), 1, 'at 100, and not 100 later')
  clock.hurry()
  assert.equal(pass(10), 1)
  assert.equal(pass(89), 0)
  clock[Symbol.dispose]()
  clock.hurry()
  assert.equal(pass(1_000), 0)
})
