import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readable } from './log-lines.ts'

test('the terminal shows warnings and worse, and whatever is no log record', () => {
  const line = (record: object) => readable('edge', JSON.stringify({ time: 1, name: 'edge', pid: 7, ...record }))
  assert.equal(line({ level: 30, msg: 'started' }), undefined)
  assert.equal(line({ level: 40, msg: 'slow', ms: 12, room: 'r1' }), 'edge warning: slow ms=12 room=r1')
  assert.equal(line({ level: 60, msg: 'crashed', error: 'x', stack: 'at …' }), 'edge fatal: crashed error=x')
  assert.equal(readable('edge', 'node: bad option'), 'edge: node: bad option')
  assert.equal(readable('edge', '{half'), 'edge: {half')
  assert.equal(readable('edge', '   '), undefined)
})

test('a line that never ends is cut', () => {
  assert.equal(readable('edge', 'x'.repeat(9999))?.length, 'edge: '.length + 401)
})
