import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkHistory } from './check.ts'
import { DESK_REQUIRED } from './counts-desk.ts'
import { formatVerdict } from './format.ts'
import { DESK_ROOM_MUTATIONS } from './mutations-of-desk-rooms.ts'
import { DESK_MUTATIONS } from './mutations-of-desks.ts'
import { someDesk } from './simulated-desk.ts'

const RUNS = 25
const LENGTH = 150

test('whatever happens at a desk that keeps its promises, the checker finds nothing', () => {
  fc.assert(
    fc.property(fc.nat({ max: 100_000 }), fc.nat({ max: LENGTH }), (seed, length) => {
      const verdict = checkHistory(someDesk(seed, length))
      assert.ok(verdict.passed, formatVerdict(verdict))
    }),
    { numRuns: 100 },
  )
})

test('a writer behind a hole, of whom nobody saw how the conversation was assigned, is no wrong one', () => {
  const records = someDesk(7, LENGTH).filter(
    (record) => !record.type.startsWith('final-') && (record.type !== 'seen' || record.event.standing?.agent == null),
  )
  assert.equal(checkHistory(records, { withoutFinals: true }).found['wrong-writer'], undefined)
})

test('what an agent was handed before a desk was read must be in what was read, what came later need not', () => {
  const records = someDesk(7, LENGTH)
  const handed = records.filter((record) => record.type === 'desk-seen')
  const last = Math.max(...handed.map(({ event }) => event.seq))
  const firstMs = Math.min(...handed.flatMap(({ event, atMs }) => (event.seq === last ? [atMs] : [])))
  const readAt = (atMs: (own: number) => number) =>
    records.map((record) =>
      record.type === 'final-desk'
        ? {
            ...record,
            atMs: atMs(record.atMs),
            events: record.events.filter(({ seq }) => seq < last),
          }
        : record,
    )
  assert.equal(checkHistory(readAt((own) => own)).found.hole, 2)
  assert.equal(checkHistory(readAt(() => firstMs - 1)).found.hole, undefined)
})

for (const { what, check, spoil } of [...DESK_MUTATIONS, ...DESK_ROOM_MUTATIONS]) {
  test(`${what}, wherever it is, is found as ${check} and as nothing else`, () => {
    let spoiled = 0
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), fc.nat(), (seed, dice) => {
        const records = spoil(someDesk(seed, LENGTH), dice)
        fc.pre(records !== undefined)
        spoiled += 1
        const verdict = checkHistory(records)
        assert.deepEqual(Object.keys(verdict.found), [check], formatVerdict(verdict))
      }),
      { numRuns: RUNS },
    )
    assert.ok(spoiled >= RUNS)
  })
}

test('a run with a desk that was never there where it is for, fails', () => {
  const required = DESK_REQUIRED
  assert.ok(checkHistory(someDesk(1, 600), { required }).passed)
  const verdict = checkHistory(someDesk(1, 3), { required })
  assert.deepEqual(verdict.found, { 'not-reached': required.length })
})
