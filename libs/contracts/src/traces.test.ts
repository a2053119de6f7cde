import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatTraceParent, parseTraceParent, SPANS } from './traces.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'

test('a traceparent, written and read, is the same', () => {
  for (const isSampled of [true, false]) {
    const parent = { traceId: TRACE, spanId: SPAN, isSampled }
    assert.deepEqual(parseTraceParent(formatTraceParent(parent)), parent)
  }
  assert.equal(parseTraceParent(`00-${TRACE}-${SPAN}-03`)?.isSampled, true)
})

test('a traceparent of a later version, with more behind it, still names its span', () => {
  assert.equal(parseTraceParent(`01-${TRACE}-${SPAN}-01-more`)?.spanId, SPAN)
  assert.equal(parseTraceParent(`00-${TRACE}-${SPAN}-01-more`), null)
})

test('what is no traceparent, wrong in each way, is none', () => {
  for (const text of [
    '',
    'x',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
  ])
    assert.equal(parseTraceParent(text), null, text)
})

test('spans, each of them, say what they cover and whose child they are', () => {
  for (const [name, { covers, parent }] of Object.entries(SPANS)) {
    assert.match(name, /^(edge|router|storage|notifier|query)\.[a-z]+$/)
    assert.ok(covers !== '' && parent !== '', name)
  }
})
