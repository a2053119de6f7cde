import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Conversation } from '@switchboard/contracts/desks'
import { owedText, owedTo } from './promises.ts'

const SETTINGS = { waiting_seconds: 60, first_reply_seconds: 240 }
const at = (more: Partial<Conversation> = {}) =>
  ({ state: 'queued', entered_at: 0, answered_at: null, replied_at: null, ...more }) as Conversation
const stateAt = (now: number, more?: Partial<Conversation>) => {
  const owed = owedTo(at(more), SETTINGS, now)
  return owed && `${owed.what} ${owed.state}`
}

test('somebody who waits, then the first promise is due, soon due and late; once kept, the next one counts', () => {
  assert.deepEqual(
    [0, 44_999, 45_000, 60_000, 9e6].map((now) => stateAt(now)),
    ['waiting due', 'waiting due', 'waiting soon', 'waiting late', 'waiting late'],
  )
  assert.equal(stateAt(61_000, { answered_at: 50_000 }), 'first_reply due')
  assert.equal(stateAt(240_000, { answered_at: 50_000 }), 'first_reply late')
  assert.equal(stateAt(240_000, { answered_at: 50_000, replied_at: 70_000 }), null)
})

test('one that has ended, or a desk that promises nothing, then nothing is owed', () => {
  assert.equal(stateAt(9e6, { state: 'closed' }), null)
  assert.equal(owedTo(at(), { waiting_seconds: null, first_reply_seconds: null }, 9e6), null)
  assert.equal(owedTo(at(), null, 9e6), null)
})

test('what is owed, then it is said how long there is, or how late it is', () => {
  const say = (now: number) => {
    const owed = owedTo(at(), SETTINGS, now)
    assert.ok(owed)
    return owedText(owed, now)
  }
  assert.deepEqual(say(0), { short: 'in 1m', whole: 'Taking it is due in 1m' })
  assert.deepEqual(say(59_000).short, 'in <1m')
  assert.deepEqual(say(60_000 + 7_200_000), { short: '2h late', whole: 'Taking it is 2h late' })
})
