import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableOf } from '../measure/table.ts'
import { GUARDED, type Guarded, OURS, ratiosOf, recordedRatio, takePair } from './ratios.ts'

const [guarded] = GUARDED as readonly [Guarded]
const subjects = (ours: number, raw: number) => ({
  [OURS]: async () => ({ [guarded.figure]: ours }),
  [guarded.limit]: async () => ({ [guarded.figure]: raw }),
})

test('a pair, measured, gives ours over its limit, and a figure that is missing or nothing is no ratio', async () => {
  assert.equal(await takePair(guarded, subjects(3, 2)), 1.5)
  await assert.rejects(takePair(guarded, subjects(3, 0)), /3 over 0 is no ratio/)
  await assert.rejects(takePair(guarded, { [OURS]: subjects(3, 2)[OURS] ?? assert.fail() }), /is no ratio/)
  await assert.rejects(takePair({ ...guarded, figure: 'another' }, subjects(3, 2)), /undefined over undefined/)
})

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

test('nothing recorded, or only on other servers, then it says what is to be done', () => {
  const record = { at: '', commit: '', machine: {}, pairs: 15, ratios: { router: 9 } }
  assert.equal(recordedRatio({ containers: record }, 'containers', 'router'), 9)
  for (const [servers, name] of [
    ['embedded', 'router'],
    ['containers', 'push'],
  ] as const)
    assert.throws(() => recordedRatio({ containers: record }, servers, name), /^Error: record first: .*guard --record/)
})
