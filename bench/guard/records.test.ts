import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableOf } from '../measure/table.ts'
import { GUARDED, OURS } from './ratios.ts'
import { type GuardRecord, heldAgainst, ratiosOf, withGuardRecord } from './records.ts'

test('tables of the bench, then the medians of their ratios are what is recorded, and none may be missing', () => {
  const tables = GUARDED.map(({ name, figure, limit }, i) =>
    tableOf(
      `guard: ${name}, so and so`,
      { [OURS]: { [figure]: [2 + i, 4 + i] }, [limit]: { [figure]: [1, 2] } },
      limit,
    ),
  )
  assert.deepEqual(
    Object.keys(ratiosOf(tables)),
    GUARDED.map(({ name }) => name),
  )
  assert.equal(ratiosOf(tables)['fan-out'], 2)
  assert.throws(() => ratiosOf(tables.slice(1)), /no ratio of fan-out/)
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
