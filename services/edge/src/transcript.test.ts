import assert from 'node:assert/strict'
import { test } from 'node:test'
import { spokenOf, textOf } from './transcript.ts'

test('events of a room, as a transcript, are its messages without those that were deleted', () => {
  const messages = spokenOf([
    { type: 'room.created', seq: 1, at: 0, from: '$system' },
    { type: 'message', seq: 2, at: 0, from: 'vera', text: 'hello' },
    { type: 'message', seq: 3, at: 1_000, from: 'ann', deleted: true },
    { type: 'message', seq: 4, at: 2_000, from: 'ann', text: 'two\nlines' },
  ])
  assert.deepEqual(
    messages.map(({ seq }) => seq),
    [2, 4],
  )
  const conversation = `d1-${'x'.repeat(21)}`
  assert.equal(
    textOf({ conversation, messages, more: true }),
    '[1970-01-01T00:00:00.000Z] vera: hello\n[1970-01-01T00:00:02.000Z] ann: two\nlines\n…\n',
  )
  assert.equal(textOf({ conversation, messages: [], more: false }), '')
})
