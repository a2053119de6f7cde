import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GUARDED, type Guarded, OURS, takePair } from './ratios.ts'

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
