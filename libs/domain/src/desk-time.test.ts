import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskCommand } from '@switchboard/contracts/records'
import { emptyDesk } from './desk.ts'
import { dueAt } from './desk-steps.ts'
import { deskNow } from './desk-time.ts'
import { runDesk } from './run-desk.ts'

const HOUR_MS = 3_600_000

test('the time of a desk, while the clock is right, is the clock', () => {
  assert.equal(deskNow({ nowMs: 1_000, steadyMs: 50 }, { nowMs: 1_700, steadyMs: 750 }), 1_700)
})

test('the time of a desk whose clock was ahead goes on, slower, until the clock has caught up', () => {
  const ahead = { nowMs: HOUR_MS, steadyMs: 0 }
  assert.equal(deskNow(ahead, { nowMs: 10_000, steadyMs: 10_000 }), HOUR_MS + 9_000)
  let last = ahead
  for (let steadyMs = 0; steadyMs <= 10 * HOUR_MS; steadyMs += HOUR_MS) {
    const nowMs = deskNow(last, { nowMs: steadyMs, steadyMs })
    assert.ok(nowMs >= last.nowMs && nowMs >= steadyMs)
    last = { nowMs, steadyMs }
  }
  assert.equal(last.nowMs, 10 * HOUR_MS)
})

test('an offer that is made after a clock was ahead for a moment ends in its own time, and not when the clock is there again', () => {
  const desk = emptyDesk('d1')
  const clock = { nowMs: HOUR_MS, steadyMs: 0 }
  let last = clock
  let sent = 0
  const send = (command: object, from = 'system', roles: readonly string[] = []) => {
    last = { nowMs: deskNow(last, clock), steadyMs: clock.steadyMs }
    sent += 1
    runDesk(desk, { ...command, from, cid: `c${sent}`, roles } as unknown as DeskCommand, { nowMs: last.nowMs })
  }
  const settings = { title: 'D', offer_seconds: 5 }
  send({ method: 'desk.put', body: { settings, create: true } }, 'root', ['admin'])
  send({ method: 'desk.put-agent', body: { user: 'ann', capacity: 1 } }, 'root', ['admin'])
  clock.nowMs += 300_000
  send({ method: 'desk.status', body: { desk: 'd1', status: 'online' } }, 'ann')
  clock.nowMs -= 300_000
  send({ method: 'desk.enter', body: { desk: 'd1' } }, 'vera')
  const offer = () => [...desk.conversations.values()].find((one) => one.offer !== null)
  assert.ok(offer(), 'ann is asked')
  clock.nowMs += 6_000
  clock.steadyMs += 6_000
  const nowMs = deskNow(last, clock)
  assert.ok((dueAt(desk, nowMs) ?? Number.POSITIVE_INFINITY) <= nowMs, 'the clock of the desk sees that it is time')
  send({ method: 'desk.tick', body: {} })
  assert.equal(offer(), undefined)
})
