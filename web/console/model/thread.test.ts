import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OutgoingMessage, TimelineItem } from '@switchboard/client'
import fc from 'fast-check'
import { THREAD_MAX, type ThreadRow, threadOf } from './thread.ts'

const NOON = new Date(2026, 5, 1, 12).getTime()
const message = (seq: number, from: string, at: number): TimelineItem =>
  ({
    kind: 'message',
    seq,
    from,
    at: NOON + at,
    cid: `c${seq}`,
    text: `${from} ${seq}`,
    deleted: false,
  }) as TimelineItem
const notice = (seq: number, type: string, at: number, more: object = {}): TimelineItem =>
  ({ kind: 'notice', seq, from: '$system', at: NOON + at, event: { type, ...more } }) as TimelineItem
const options = { me: 'ann', visitor: 'v', outgoing: [], nameOf: (user: string) => user.toUpperCase() }
const texts = (rows: readonly ThreadRow[]) =>
  rows.map((row) => (row.kind === 'day' ? 'day' : row.kind === 'said' ? `${row.by}: ${row.text}` : row.text))

test('a conversation and its notes, then they are one thread by when they were written', () => {
  const rows = threadOf(
    [notice(1, 'conversation.assigned', 0, { agent: 'ann' }), message(2, 'v', 10), message(3, 'ann', 30)],
    [notice(1, 'conversation.assigned', 0, { agent: 'ann' }), message(2, 'ann', 20)],
    options,
  )
  assert.deepEqual(texts(rows), ['day', 'ANN took it', 'visitor: v 2', 'note: ann 2', 'agent: ann 3'])
})

test('a bot had it, or nobody was there, then agents read so', () => {
  const rows = threadOf(
    [
      notice(1, 'conversation.queued', 0, { agent: null, offline: true }),
      notice(2, 'conversation.assigned', 10, { agent: 'ann', bot: true }),
      notice(3, 'conversation.assigned', 20, { agent: 'ben' }),
    ],
    [],
    options,
  )
  assert.deepEqual(texts(rows).slice(1), [
    'Left when nobody was here: waiting for an answer',
    'ANN (bot) took it',
    'BEN took it',
  ])
})

test('what is not confirmed, then it stands last, with why it was refused', () => {
  const failure = { code: 'conflict', message: 'Ben has it by now.', retry: false } as const
  const outgoing: OutgoingMessage[] = [{ cid: 'x', room: 'd-1', text: 'late', at: NOON + 5, state: 'failed', failure }]
  const rows = threadOf([message(1, 'v', 10)], [], { ...options, outgoing })
  const last = rows.at(-1)
  assert.ok(last?.kind === 'said')
  assert.deepEqual([last.text, last.state, last.why], ['late', 'failed', 'Ben has it by now.'])
})

test('what was refused because a colleague has answered since, then it says so', () => {
  const failure = { code: 'conflict', field: 'seen', message: 'A colleague has answered.', retry: false } as const
  const one = { cid: 'x', room: 'd-1', text: 'late', at: NOON, state: 'failed' } as const
  const overtaken = (field?: { failure: OutgoingMessage['failure'] & object }) => {
    const last = threadOf([], [], { ...options, outgoing: [{ ...one, ...field }] }).at(-1)
    return last?.kind === 'said' && last.overtaken
  }
  assert.deepEqual(
    [overtaken({ failure }), overtaken({ failure: { ...failure, field: 'room' } }), overtaken()],
    [true, false, false],
  )
})

test('messages of one writer within minutes, then only the first has their name', () => {
  const rows = threadOf([message(1, 'v', 0), message(2, 'v', 1_000), message(3, 'v', 600_000)], [], options)
  assert.deepEqual(
    rows.map((row) => row.kind === 'said' && row.first),
    [false, true, false, true],
  )
})

test('two rooms of any length, then each keeps its order in the thread, and the thread its bound', () => {
  const ats = fc.array(fc.nat(50), { maxLength: 60 }).map((all) => all.toSorted((a, b) => a - b))
  fc.assert(
    fc.property(ats, ats, (said, noted) => {
      const items = said.map((at, i) => message(i + 1, 'v', at))
      const notes = noted.map((at, i) => message(i + 1, 'ann', at))
      const rows = threadOf(items, notes, options).filter((row) => row.kind === 'said')
      assert.equal(rows.length, said.length + noted.length)
      for (const by of ['visitor', 'note'])
        assert.deepEqual(
          rows.filter((row) => row.by === by).map(({ cid }) => Number(cid.slice(1))),
          Array.from({ length: by === 'note' ? noted.length : said.length }, (_, i) => i + 1),
        )
    }),
  )
  const long = Array.from({ length: 2 * THREAD_MAX }, (_, i) => message(i + 1, 'v', i))
  assert.ok(threadOf(long, [], options).length <= THREAD_MAX + 1)
})
