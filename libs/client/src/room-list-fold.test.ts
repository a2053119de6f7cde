import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoomEvent } from '@switchboard/contracts/events'
import type { RoomEntry } from '@switchboard/contracts/methods'
import fc from 'fast-check'
import { afterEvent, afterRead, byRecency, merged } from './room-list-fold.ts'

const entry = (fields: Partial<RoomEntry> = {}): RoomEntry => ({
  room: 'tea',
  kind: 'group',
  title: 'Tea',
  role: 'member',
  head: 1,
  read: 1,
  unread: 0,
  members: 2,
  last: null,
  at: 1,
  ...fields,
})
const message = (seq: number, from: string): RoomEvent => ({
  type: 'message',
  seq,
  n: seq,
  at: seq,
  from,
  cid: 'c',
  text: `t${seq}`,
})
const live = (after: RoomEntry | 'gone' | 'stale'): RoomEntry => {
  assert.ok(typeof after === 'object')
  return after
}

test('an entry, whatever messages and marks come, then unread is what came after the mark', () => {
  const step = fc.oneof(fc.constantFrom({ from: 'alice' }, { from: 'bob' }), fc.record({ readAgo: fc.nat(3) }))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      let now = entry()
      const others: number[] = []
      for (const one of steps) {
        if ('from' in one) {
          now = live(afterEvent(now, message(now.head + 1, one.from), 'alice'))
          if (one.from === 'bob') others.push(now.head)
        } else {
          const read = Math.max(1, now.head - one.readAgo)
          now = afterRead(now, read, others.filter((seq) => seq > read).length)
        }
        assert.equal(now.unread, others.filter((seq) => seq > now.read).length)
      }
    }),
  )
})

test('events, when repeated or after a hole, then they change nothing or ask for a reading', () => {
  const now = entry({ head: 5 })
  assert.equal(afterEvent(now, message(5, 'bob'), 'alice'), now)
  assert.equal(afterEvent(now, message(7, 'bob'), 'alice'), 'stale')
  assert.equal(
    afterEvent(now, { ...message(6, 'bob'), type: 'member.removed', user: 'alice' } as RoomEvent, 'alice'),
    'gone',
  )
})

test('the newest message, when edited or deleted, then the list shows it', () => {
  const sent = live(afterEvent(entry(), message(2, 'bob'), 'alice'))
  const edited = live(
    afterEvent(sent, { ...message(3, 'bob'), type: 'message.edited', target: 2, text: 'new' } as RoomEvent, 'alice'),
  )
  assert.equal(edited.last?.text, 'new')
  const deleted = live(
    afterEvent(edited, { ...message(4, 'bob'), type: 'message.deleted', target: 2 } as RoomEvent, 'alice'),
  )
  assert.equal(deleted.last?.text, '')
})

test('a fresh list, when events or a mark overtook it, then whichever is further stands', () => {
  const known = new Map([
    ['tea', entry({ head: 9, unread: 3 })],
    ['left', entry({ room: 'left' })],
  ])
  assert.equal(merged(known, [entry({ head: 8, unread: 2 })]).get('tea')?.head, 9)
  assert.equal(merged(known, [entry({ head: 10, unread: 4 })]).get('tea')?.unread, 4)
  assert.equal(
    merged(new Map([['tea', entry({ head: 9, read: 9 })]]), [entry({ head: 9, read: 4, unread: 5 })]).get('tea')
      ?.unread,
    0,
  )
  assert.equal(merged(known, [entry()]).has('left'), false)
})

test('rooms, when sorted, then the most recent is first', () => {
  const rooms = [entry({ room: 'b', at: 1 }), entry({ room: 'a', at: 1 }), entry({ room: 'c', at: 2 })]
  assert.deepEqual(
    byRecency(rooms).map(({ room }) => room),
    ['c', 'a', 'b'],
  )
})
