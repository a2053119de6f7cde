import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConversationStatus } from '@switchboard/contracts/desks'
import type { RoomEvent } from '@switchboard/contracts/events'
import fc from 'fast-check'
import type { TimelineItem } from './timeline-item.ts'
import { afterAnswer, afterEvent, afterItems, hasEnded, isWaiting, type VisitStatus } from './visit-fold.ts'

const STATES = ['queued', 'assigned', 'held', 'closed'] as const
const NAMES = { queued: 'queued', assigned: 'assigned', held: 'held', closed: 'closed' } as const

const answerOf = (revision: number): ConversationStatus => ({
  conversation: 'd-1',
  room: 'd-1',
  desk: 'd',
  state: STATES[revision % STATES.length] ?? 'queued',
  revision,
  agent: null,
  ...(revision % STATES.length === 0 ? { position: 3 } : {}),
})
const eventOf = (revision: number): RoomEvent => {
  const { desk, state, agent } = answerOf(revision)
  const type = `conversation.${NAMES[state as keyof typeof NAMES]}`
  return {
    type,
    seq: revision,
    n: 0,
    at: 0,
    from: '$system',
    cid: `${revision}`,
    desk,
    visitor: 'v',
    state,
    agent,
    revision,
  } as RoomEvent
}

test('answers and events in any order, then the highest revision that was heard stands', () => {
  const heard = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(heard, (all) => {
      let status: VisitStatus = afterAnswer(null, answerOf(1))
      let highest = 1
      for (const [isEvent, revision] of all) {
        status = isEvent ? afterEvent(status, eventOf(revision)) : afterAnswer(status, answerOf(revision))
        highest = Math.max(highest, revision)
        assert.equal(status?.revision, highest)
        assert.equal(status?.state, answerOf(highest).state)
      }
    }),
  )
})

test('a place in the queue, when the room says that something changed, then it is not shown any more', () => {
  const waiting = afterAnswer(null, answerOf(4))
  assert.equal(waiting?.position, 3)
  const after = afterEvent(waiting, eventOf(8))
  assert.equal(after?.state, 'queued')
  assert.equal(after?.position, undefined)
})

test('messages and unknown events, then nothing of the standing changes', () => {
  const status = afterAnswer(null, answerOf(1))
  const message = { type: 'message', seq: 9, n: 1, at: 0, from: 'v', cid: 'c', text: 'hi' } as RoomEvent
  assert.equal(afterEvent(status, message), status)
  assert.equal(afterEvent(null, eventOf(2)), null)
})

test('a page of the room that tells more than the desk has answered, then its newest word stands', () => {
  const item = (revision: number) => ({ kind: 'notice', event: eventOf(revision) }) as TimelineItem
  const message = { kind: 'message', text: 'hi' } as TimelineItem
  assert.equal(afterItems(answerOf(1), [item(2), item(3), message])?.revision, 3)
  assert.equal(afterItems(answerOf(5), [item(2), item(3)])?.revision, 5)
  assert.equal(afterItems(answerOf(5), [])?.revision, 5)
})

test('another conversation, then its answer takes the place, whatever its revision', () => {
  const other = { ...answerOf(1), conversation: 'd-2', room: 'd-2' }
  assert.equal(afterAnswer(answerOf(9), other), other)
})

test('who waits and what has ended are told apart', () => {
  assert.deepEqual([isWaiting(answerOf(4)), isWaiting(answerOf(5)), isWaiting(null)], [true, false, false])
  assert.deepEqual([hasEnded(answerOf(7)), hasEnded(answerOf(5)), hasEnded(null)], [true, false, false])
})
