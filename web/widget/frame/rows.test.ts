import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TimelineItem } from '@switchboard/client'
import { ROWS_MAX, rowsOf } from './rows.ts'

const message = (seq: number, from: string, at = seq): TimelineItem =>
  ({ kind: 'message', seq, from, at, cid: `c${seq}`, text: `t${seq}`, deleted: false }) as TimelineItem
const options = { me: 'v', outgoing: [], nameOf: (user: string) => user, notice: () => '' }

test('messages in a row of one writer, then they are one group', () => {
  const rows = rowsOf([message(1, 'v'), message(2, 'v'), message(3, 'ann'), message(4, 'ann', 900_000)], options)
  assert.deepEqual(
    rows.map((row) => row.kind === 'message' && [row.own, row.first, row.last]),
    [
      [true, true, false],
      [true, false, true],
      [false, true, true],
      [false, true, true],
    ],
  )
})

test('a message that is confirmed, then its row keeps its key', () => {
  const waiting = { cid: 'c1', room: 'r', text: 't1', at: 1, state: 'pending' as const }
  const before = rowsOf([], { ...options, outgoing: [waiting] })
  const after = rowsOf([message(1, 'v')], options)
  assert.equal(before[0]?.key, after[0]?.key)
  assert.deepEqual(
    [before, after].map(([row]) => row?.kind === 'message' && row.state),
    ['pending', 'sent'],
  )
})

test('events that say nothing to a visitor, then they are not shown, and others between messages are', () => {
  const notice = (seq: number, type: string) => ({ kind: 'notice', seq, at: seq, event: { type } }) as TimelineItem
  const items = [notice(1, 'member.added'), message(2, 'v'), notice(3, 'conversation.closed')]
  const rows = rowsOf(items, {
    ...options,
    notice: ({ event }) => (event.type === 'conversation.closed' ? 'over' : ''),
  })
  assert.deepEqual(
    rows.map(({ kind }) => kind),
    ['message', 'notice'],
  )
})

test('a conversation of days, then the page holds a bounded part', () => {
  const items = Array.from({ length: 3 * ROWS_MAX }, (_, i) => message(i + 1, 'v'))
  assert.equal(rowsOf(items, options).length, ROWS_MAX)
})
