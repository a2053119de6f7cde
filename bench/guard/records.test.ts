import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableOf } from '../measure/table.ts'
import { GUARDED, OURS } from './ratios.ts'
import { type GuardRecord, heldAgainst, ratiosOf, withGuardRecord } from './records.ts'

const tablesOf = (ours: readonly number[], raw: readonly number[]) =>
  GUARDED.map(({ name, figure, limit }) =>
    tableOf(`guard: ${name}, so and so`, { [OURS]: { [figure]: [...ours] }, [limit]: { [figure]: [...raw] } }, limit),
  )

test('tables of the bench, then the upper bounds of the medians of their ratios are recorded, and none may be missing', () => {
  const costs = [9, 1, 8, 2, 7, 3, 6, 4, 5]
  const limits = costs.map(() => 2)
  const found = ratiosOf(tablesOf(costs, limits))
  assert.deepEqual(
    Object.keys(found),
    GUARDED.map(({ name }) => name),
  )
  // Of nine values the median lies between the second and the eighth, by the binomial table.
  assert.equal(found.router, 4)
  // Too few for bounds: the dearest one.
  assert.equal(ratiosOf(tablesOf([2, 6], [1, 2])).push, 3)
  assert.throws(() => ratiosOf(tablesOf([2], [1]).slice(1)), /no ratio of fan-out/)
})

const [here, there] = [
  { cpu: 'a', cores: 2 },
  { cpu: 'b', cores: 2 },
]
const record = (machine: GuardRecord['machine'], router: number): GuardRecord => ({
  servers: 'containers',
  machine,
  at: '',
  commit: '',
  pairs: 15,
  ratios: { router },
})
const at = (machine: GuardRecord['machine'], servers = 'containers') => ({ servers, machine })

test('recorded on such a machine, then its own record counts and a fifth is worse', () => {
  const records = [record(here, 9), record(there, 12)]
  assert.deepEqual(heldAgainst(records, at(here), 'router'), { recorded: 9, worse: 1.2, isOwn: true })
})

test('another processor, or as many cores more, then it is held against the dearest record, and allowed more', () => {
  const records = [record(here, 9), record(there, 12)]
  for (const machine of [
    { cpu: 'c', cores: 2 },
    { cpu: 'a', cores: 4 },
  ])
    assert.deepEqual(heldAgainst(records, at(machine), 'router'), { recorded: 12, worse: 1.6, isOwn: false })
})

test('nothing recorded, or only on other servers, then it says what is to be done', () => {
  for (const [servers, name] of [
    ['embedded', 'router'],
    ['containers', 'push'],
  ] as const)
    assert.throws(
      () => heldAgainst([record(here, 9)], at(here, servers), name),
      /^Error: record first: .*guard --record/,
    )
})

test('recorded anew, then it replaces what such a machine had and nothing else', () => {
  const records = [record(here, 9), record(there, 12), { ...record(here, 3), servers: 'embedded' }]
  const made = withGuardRecord(records, record(here, 10))
  assert.deepEqual(made, [record(there, 12), { ...record(here, 3), servers: 'embedded' }, record(here, 10)])
})
