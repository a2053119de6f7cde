import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoomEvent } from '@switchboard/contracts/events'
import fc from 'fast-check'
import { Timeline } from './timeline.ts'

type Draft = { kind: 'message' | 'edit' | 'delete' | 'react' | 'member'; pick: number; user: string; on: boolean }

const draft: fc.Arbitrary<Draft> = fc.record({
  kind: fc.constantFrom(
    'message' as const,
    'message' as const,
    'edit' as const,
    'delete' as const,
    'react' as const,
    'member' as const,
  ),
  pick: fc.nat(1000),
  user: fc.constantFrom('alice', 'bob', 'carol'),
  on: fc.boolean(),
})

/** A room's log out of drafts: changes point at messages that came before them. */
function logOf(drafts: readonly Draft[]): RoomEvent[] {
  const messages: number[] = []
  return drafts.map(({ kind, pick, user, on }, index) => {
    const seq = index + 1
    const target = messages[pick % Math.max(1, messages.length)]
    const base = { seq, n: messages.length, at: 1_000 + seq, from: user, cid: `c${seq}` }
    if (kind === 'member') return { ...base, type: 'member.added', user, role: 'member' }
    if (kind === 'message' || target === undefined) {
      messages.push(seq)
      return { ...base, n: messages.length, type: 'message', text: `text ${seq}` }
    }
    if (kind === 'edit') return { ...base, type: 'message.edited', target, text: `edit ${seq}` }
    if (kind === 'delete') return { ...base, type: 'message.deleted', target }
    return { ...base, type: 'message.reacted', target, emoji: '👍', on }
  })
}

/** What storage answers: messages as of `head`, with what was done to them. */
function pageOf(log: readonly RoomEvent[], head: number, range: { from: number; to: number }) {
  const whole = new Timeline()
  for (const event of log.slice(0, head)) whole.append(event)
  const events = log.slice(range.from - 1, Math.min(range.to, head)).map((event) => {
    if (event.type !== 'message') return event
    const now = whole.message(event.seq)
    if (!now?.deleted) return { ...event, text: now?.text, edited: now?.edited, reactions: now?.reactions }
    const { text: _, ...rest } = event
    return { ...rest, deleted: true }
  })
  return { events, head, more: range.from > 1 }
}

const shown = (timeline: Timeline) =>
  timeline.items.map((item) => (item.kind === 'message' ? { ...item, as_of: 0 } : item))

const expected = (log: readonly RoomEvent[], first: number, position: number) => {
  const whole = new Timeline()
  for (const event of log.slice(0, position)) assert.equal(whole.append(event), 'applied')
  return shown(whole).filter((item) => item.seq >= first)
}

test('a timeline, however loading, paging and live events are interleaved, then it shows the room as it is', () => {
  const steps = fc.array(
    fc.record({
      do: fc.constantFrom('live', 'live', 'live', 'repeat', 'older', 'skip', 'catch-up'),
      size: fc.integer({ min: 1, max: 7 }),
      lag: fc.nat(4),
    }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(fc.array(draft, { minLength: 1, maxLength: 60 }), fc.nat(60), steps, (drafts, begin, script) => {
      const log = logOf(drafts)
      const head = Math.min(begin, log.length)
      const timeline = new Timeline()
      timeline.reset(pageOf(log, head, { from: Math.max(1, head - 4), to: head }))
      for (const { do: what, size, lag } of script) {
        const { position, first } = timeline
        const next = log[position]
        if (what === 'live' && next) assert.equal(timeline.append(next), 'applied')
        const known = log[Math.max(0, position - size)]
        if (what === 'repeat' && known && known.seq <= position) assert.equal(timeline.append(known), 'known')
        const later = log[position + size]
        if (what === 'skip' && later) assert.equal(timeline.append(later), 'hole')
        if (what === 'older' && first > 1) {
          // Read a moment ago: as of a head that live events have passed since.
          const asOf = Math.max(head, position - lag)
          timeline.prepend(pageOf(log, asOf, { from: Math.max(1, first - size), to: first - 1 }))
        }
        if (what === 'catch-up') {
          const asOf = Math.min(log.length, position + size)
          const came = timeline.extend(pageOf(log, asOf, { from: position + 1, to: asOf }))
          assert.deepEqual(
            came.map(({ seq }) => seq),
            log.slice(position, asOf).map(({ seq }) => seq),
          )
        }
      }
      assert.deepEqual(shown(timeline), expected(log, timeline.first, timeline.position))
      assert.equal(timeline.complete, timeline.first === 1)
    }),
    { numRuns: 500 },
  )
})

test('a timeline, when a page does not begin where it ends, then nothing of it is taken', () => {
  const timeline = new Timeline()
  timeline.startAfter(3)
  const log = logOf(Array.from({ length: 9 }, () => ({ kind: 'message' as const, pick: 0, user: 'alice', on: true })))
  assert.deepEqual(timeline.extend({ events: log.slice(5), head: 9, more: false }), [])
  assert.equal(timeline.position, 3)
  assert.deepEqual(
    timeline.extend({ events: [null, 'x', { seq: 'no' }, ...log.slice(3)], head: 9, more: false }).length,
    6,
  )
})

test('a timeline, when trimmed, then the newest stay and older ones can be paged in again', () => {
  const log = logOf(Array.from({ length: 30 }, () => ({ kind: 'message' as const, pick: 0, user: 'alice', on: true })))
  const timeline = new Timeline()
  for (const event of log) timeline.append(event)
  timeline.trim(10)
  assert.equal(timeline.first, 21)
  assert.equal(timeline.complete, false)
  assert.equal(timeline.message(5), undefined)
  timeline.prepend(pageOf(log, 30, { from: 1, to: 20 }))
  assert.equal(timeline.items.length, 30)
  assert.equal(timeline.complete, true)
})

test('an event of a type that this version does not know, when it comes, then it is a notice', () => {
  const timeline = new Timeline()
  const future = { type: 'room.sung', seq: 1, n: 0, at: 1, from: 'alice', cid: 'c' } as unknown as RoomEvent
  assert.equal(timeline.append(future), 'applied')
  assert.equal(timeline.items[0]?.kind, 'notice')
  assert.equal(timeline.position, 1)
})
