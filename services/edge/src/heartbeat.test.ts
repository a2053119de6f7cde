import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './clock.ts'
import { Heartbeat } from './heartbeat.ts'
import type { Session } from './session.ts'

function fakeSession() {
  const state = { pings: 0, answered: true, closed: '' }
  const session = {
    ping: () => {
      state.pings += 1
    },
    get hasAnsweredPing() {
      return state.answered
    },
    close: (name: string) => {
      state.closed = name
    },
  } as unknown as Session
  return { session, state }
}

function beating(pingSeconds: number) {
  let tick = () => {}
  const clock = {
    ...systemClock,
    every: (_ms: number, then: () => void) => {
      tick = then
      return () => {}
    },
  }
  const heartbeat = new Heartbeat(clock, pingSeconds)
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i += 1) tick()
  }
  return { heartbeat, pass }
}

test('many connections, then each is pinged once in an interval, and not all in the same second', () => {
  const { heartbeat, pass } = beating(25)
  const all = Array.from({ length: 100 }, () => fakeSession())
  for (const { session } of all) heartbeat.add(session)
  pass(1)
  assert.equal(all.filter(({ state }) => state.pings === 1).length, 4)
  pass(24)
  assert.ok(all.every(({ state }) => state.pings === 1))
})

test('no answer in ten seconds, then closed; an answer, or gone before, then not', () => {
  const { heartbeat, pass } = beating(25)
  const [mute, good, gone] = [fakeSession(), fakeSession(), fakeSession()]
  heartbeat.add(mute.session)
  heartbeat.add(good.session)
  heartbeat.add(gone.session)()
  mute.state.answered = false
  gone.state.answered = false
  pass(9)
  assert.equal(mute.state.closed, '')
  pass(25)
  assert.deepEqual([mute.state.closed, good.state.closed, gone.state.closed], ['no_pong', '', ''])
})
