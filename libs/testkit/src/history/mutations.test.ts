import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkHistory } from './check.ts'
import { formatVerdict } from './format.ts'
import { DESK_ROOM_MUTATIONS } from './mutations-of-desk-rooms.ts'
import { DESK_MUTATIONS } from './mutations-of-desks.ts'
import { EVENT_MUTATIONS } from './mutations-of-events.ts'
import { PEOPLE_MUTATIONS } from './mutations-of-people.ts'
import { someRun } from './simulated-steps.ts'
import { PROMISE_OF } from './verdict.ts'

const MUTATIONS = [...EVENT_MUTATIONS, ...PEOPLE_MUTATIONS]
const RUNS = 40

for (const { what, check, spoil } of MUTATIONS) {
  test(`${what}, wherever it is, is found as ${check} and as nothing else`, () => {
    let spoiled = 0
    fc.assert(
      fc.property(fc.nat({ max: 10_000 }), fc.nat(), (seed, dice) => {
        const records = spoil(someRun(seed, 250), dice)
        fc.pre(records !== undefined)
        spoiled += 1
        const verdict = checkHistory(records)
        assert.deepEqual(Object.keys(verdict.found), [check], formatVerdict(verdict))
        assert.ok(
          verdict.findings.every(({ evidence, promise }) => promise === PROMISE_OF[check] && evidence.length >= 0),
        )
        assert.equal(verdict.passed, false)
      }),
      { numRuns: RUNS },
    )
    assert.ok(spoiled >= RUNS)
  })
}

test('every check, but those of orders that only a table can break, has a mutation that it finds', () => {
  const broken = new Set([...MUTATIONS, ...DESK_MUTATIONS, ...DESK_ROOM_MUTATIONS].map(({ check }) => check as string))
  const rest = Object.keys(PROMISE_OF).filter((name) => !broken.has(name))
  assert.deepEqual(rest, ['wrong-n', 'not-reached', 'torn-journal'])
})

test('a count that an event carries, when it is wrong for everybody, is found', () => {
  const records = someRun(1, 200).map((record) => {
    if (record.type === 'seen') return { ...record, event: { ...record.event, n: record.event.n + 1 } }
    if (record.type !== 'final-history') return record
    return { ...record, events: record.events.map((event) => ({ ...event, n: event.n + 1 })) }
  })
  assert.deepEqual(Object.keys(checkHistory(records).found), ['wrong-n'])
})

test('a state that was asked for and never reached, or more torn journals than killed processes, fail the run', () => {
  const verdict = checkHistory(someRun(1, 400), { required: ['reload', 'fenced'], torn: { lines: 2, allowed: 1 } })
  assert.deepEqual(verdict.found, { 'not-reached': 1, 'torn-journal': 1 })
  assert.ok(checkHistory(someRun(1, 200), { torn: { lines: 1, allowed: 1 } }).passed)
})
