import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printed, shortly, tableOf } from './table.ts'

const samples = {
  switchboard: { 'CPU µs': [2, 6, 4], 'p99 ms': [1, 1, 1] },
  'raw ws': { 'CPU µs': [4, 4, 4] },
}

test('a figure that the limit has too, then the ratio is of each pair and not of the medians', () => {
  const { rows } = tableOf('work', samples, 'raw ws')
  assert.deepEqual(rows[0]?.ratio, { switchboard: { median: 1, min: 0.5, max: 1.5 } })
  assert.deepEqual(rows[0]?.of.switchboard, { median: 4, min: 2, max: 6, samples: [2, 6, 4] })
  assert.deepEqual(rows[1]?.ratio, {})
})

test('a limit that is nothing in some round, then there is no ratio, and the figures stand', () => {
  const [row] = tableOf('work', { a: { 'held back %': [3, 4] }, b: { 'held back %': [1, 0] } }, 'b').rows
  assert.deepEqual(row?.ratio, {})
  assert.equal(row?.of.a?.median, 3.5)
  assert.throws(() => tableOf('work', { a: { us: [Number.NaN] } }), /NaN is no measured value/)
})

test('numbers large and small, then three digits that matter', () => {
  assert.deepEqual([0.0123, 0.5, 9.876, 12.34, 123.4, 12_345].map(shortly), [
    '0.01',
    '0.50',
    '9.88',
    '12.3',
    '123',
    '12,345',
  ])
})

test('a table for the terminal, then each figure stands beside its limit and its ratio', () => {
  assert.deepEqual(printed(tableOf('work', samples, 'raw ws')), [
    'work',
    '          switchboard       raw ws            switchboard ÷ raw ws',
    '  CPU µs  4.00 (2.00–6.00)  4.00 (4.00–4.00)  1.00 (0.50–1.50)',
    '  p99 ms  1.00 (1.00–1.00)',
  ])
})
