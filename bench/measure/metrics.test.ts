import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMetrics, sumOf } from './metrics.ts'

const TEXT = `# HELP asked Questions
# TYPE asked counter
asked{query="room.load",outcome="ok"} 3
asked{query="room.load",outcome="no"} 1
asked{query="room.history",outcome="ok"} 5
lag 0.25
`

test('the text of an operator port, then samples by name and label', () => {
  const samples = parseMetrics(TEXT)
  assert.equal(samples.length, 4)
  assert.equal(sumOf(samples, 'asked'), 9)
  assert.equal(sumOf(samples, 'asked', 'query="room.load"'), 4)
  assert.equal(sumOf(samples, 'lag'), 0.25)
  assert.equal(sumOf(samples, 'ask'), 0)
})
