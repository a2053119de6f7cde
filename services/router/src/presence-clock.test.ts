import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Moment, PresenceClock } from './presence-clock.ts'

const at = (ms: number): Moment => ({ nowMs: 1_000_000 + ms, steadyMs: ms })

test('PresenceClock, first socket, then online at once and told once', () => {
  const clock = new PresenceClock(12_000)
  clock.note('ann', true, at(0))
  clock.note('ann', true, at(10))
  assert.equal(clock.isOnline('ann'), true)
  assert.deepEqual(clock.tick(1_000), { online: ['ann'], offline: [] })
  assert.deepEqual(clock.tick(2_000), { online: [], offline: [] })
})

test('PresenceClock, gone and back within the grace, then nobody is told', () => {
  const clock = new PresenceClock(12_000)
  clock.note('ann', true, at(0))
  clock.tick(0)
  clock.note('ann', false, at(1_000))
  assert.deepEqual(clock.tick(12_000), { online: [], offline: [] })
  clock.note('ann', true, at(12_500))
  assert.deepEqual(clock.tick(60_000), { online: [], offline: [] })
  assert.equal(clock.isOnline('ann'), true)
})

test('PresenceClock, gone for the grace, then offline once, with the moment of leaving as last seen', () => {
  const clock = new PresenceClock(12_000)
  clock.note('ann', true, at(0))
  clock.tick(0)
  clock.note('ann', false, at(1_000))
  clock.note('ann', false, at(5_000))
  assert.deepEqual(clock.tick(13_000), { online: [], offline: ['ann'] })
  assert.equal(clock.lastSeen('ann'), 1_001_000)
  assert.equal(clock.isOnline('ann'), false)
  assert.deepEqual(clock.tick(99_000), { online: [], offline: [] })
})

test('PresenceClock, came and went between two looks, then nobody is told of either', () => {
  const clock = new PresenceClock(0)
  clock.note('ann', true, at(0))
  clock.note('ann', false, at(1))
  assert.deepEqual(clock.tick(2), { online: [], offline: [] })
})
