import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collapseId, pushId } from './push-id.ts'

test('the id of a push is a UUID, the same for the same event and device and another for any other', () => {
  const id = pushId('lobby:7', 'phone')
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(pushId('lobby:7', 'phone'), id)
  const others = [
    pushId('lobby:8', 'phone'),
    pushId('lobby:7', 'tablet'),
    pushId('lobby:', '7phone'),
    pushId('lobby:7p', 'hone'),
  ]
  assert.equal(new Set([id, ...others]).size, 5)
})

test('the collapse id of a room fits all providers and tells rooms apart', () => {
  assert.match(collapseId('x'.repeat(64)), /^[\w-]{32}$/)
  assert.notEqual(collapseId('a'), collapseId('b'))
})
