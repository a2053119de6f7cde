import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageItem, TimelineItem } from '@switchboard/client'
import { rowsOf } from './rows.ts'

const noon = new Date(2026, 4, 5, 12).getTime()
const message = (seq: number, from: string, minutes: number): MessageItem => ({
  kind: 'message',
  seq,
  n: seq,
  at: noon + minutes * 60_000,
  from,
  cid: `c${seq}`,
  text: `t${seq}`,
  mentions: [],
  files: [],
  edited: false,
  deleted: false,
  reactions: {},
  as_of: seq,
})
const shapes = (items: readonly TimelineItem[], newAfter: number | null = null) =>
  rowsOf(items, [], { me: 'alice', newAfter }).map((row) =>
    row.kind === 'message' ? `${row.item.seq}${row.first ? 'f' : ''}${row.last ? 'l' : ''}` : row.kind,
  )

test('messages of one author within minutes, when shown, then they are one group, a day apart', () => {
  const items = [
    message(1, 'bob', 0),
    message(2, 'bob', 2),
    message(3, 'bob', 9),
    message(4, 'alice', 10),
    message(5, 'alice', 24 * 60),
  ]
  assert.deepEqual(shapes(items), ['day', '1f', '2l', '3fl', '4fl', 'day', '5fl'])
})

test('the marker, when others wrote since, then it stands before the first of those and splits its group', () => {
  const items = [message(1, 'bob', 0), message(2, 'alice', 0), message(3, 'bob', 1), message(4, 'bob', 1)]
  assert.deepEqual(shapes(items, 1), ['day', '1fl', '2fl', 'new', '3f', '4l'])
  assert.deepEqual(shapes(items, 3), ['day', '1fl', '2fl', '3fl', 'new', '4fl'])
  assert.deepEqual(shapes(items, 4), ['day', '1fl', '2fl', '3f', '4l'])
})

test('what is not confirmed, when shown, then it is below and keeps its key', () => {
  const outgoing = { cid: 'c9', room: 'r', text: 'x', at: noon, state: 'pending' as const }
  const before = rowsOf([message(1, 'bob', 0)], [outgoing], { me: 'alice', newAfter: null })
  const after = rowsOf([message(1, 'bob', 0), message(9, 'alice', 0)], [], { me: 'alice', newAfter: null })
  assert.equal(before.at(-1)?.kind, 'outgoing')
  assert.equal(before.at(-1)?.key, after.at(-1)?.key)
})
