import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskInfo, VisitStatus } from '@switchboard/client'
import { agentText, deskText, isStaffed, noticeText, waitingText, waitText } from './words.ts'

const info: DeskInfo = { desk: 'd', title: 'D', open: true, opens_at: null, online: 2, waiting: 0 }
const status = (more: object): VisitStatus =>
  ({ conversation: 'd-1', room: 'd-1', desk: 'd', state: 'queued', revision: 1, agent: null, ...more }) as VisitStatus

test('an estimate of some seconds, then it is said as people say it', () => {
  const said = [undefined, 0, 29, 45, 100, 170, 3_600, 9_000].map(waitText)
  const minutes = (count: number) => `in about ${count} minutes`
  assert.deepEqual(said, [
    ...['', 'in a moment', 'in a moment', 'in about a minute'],
    ...[minutes(2), minutes(3), minutes(60), 'later today'],
  ])
})

test('who waits, then they are told their place, and how long where that is known', () => {
  assert.equal(waitingText(status({ position: 1 }), info), 'You are next.')
  const third = status({ position: 3, wait_seconds: 240 })
  assert.equal(waitingText(third, info), 'You are number 3 in the queue: it is your turn in about 4 minutes.')
  assert.match(waitingText(status({}), info), /looking for somebody/)
  assert.equal(waitingText(status({ state: 'assigned', agent: 'ann' }), info), '')
  assert.equal(waitingText(null, info), '')
})

test('a desk where nobody is, then whoever writes is told that the answer comes later', () => {
  for (const away of [
    { ...info, online: 0 },
    { ...info, open: false },
  ]) {
    assert.equal(isStaffed(away), false)
    assert.match(waitingText(status({ position: 1 }), away), /will answer here/)
  }
  assert.match(waitingText(status({ position: 1, open: false }), info), /will answer here/)
  assert.equal(deskText({ ...info, online: 0 }), 'Away just now')
  assert.equal(deskText({ ...info, open: false }), 'We are closed')
  assert.match(deskText({ ...info, open: false, opens_at: Date.UTC(2026, 0, 5, 9) }), /^We are back /)
})

test('a desk that is open, then it says how many wait', () => {
  assert.deepEqual(
    [0, 1, 7].map((waiting) => deskText({ ...info, waiting })),
    ['Usually answers in minutes', '1 person is waiting', '7 people are waiting'],
  )
  assert.equal(deskText(null), '')
})

test('what happens in the room, then the visitor is told what concerns them', () => {
  const ann = { agent: 'Ann', bot: false, wasBot: false }
  assert.equal(noticeText('conversation.assigned', ann), 'You are talking with Ann')
  assert.equal(noticeText('conversation.held', ann), '')
  assert.equal(noticeText('member.added', ann), '')
})

test('a bot answers, then the visitor is told that it is one, and when a person comes', () => {
  assert.match(noticeText('conversation.assigned', { agent: 'Robin', bot: true, wasBot: false }), /Robin, a bot$/)
  assert.match(noticeText('conversation.assigned', { agent: 'Ann', bot: false, wasBot: true }), /^Ann .* in person$/)
  assert.deepEqual([agentText('Shop', true), agentText('Shop', false)], ['Shop · bot', 'Shop'])
})
