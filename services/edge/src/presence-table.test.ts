import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PresenceTable } from './presence-table.ts'

test('sockets that come and go, then only the first, the last and looking or not are told', () => {
  const table = new PresenceTable()
  table.add('ann')
  assert.deepEqual(table.takeChanges(), [['ann', 1, 1]])
  table.add('ann')
  assert.equal(table.hasChanges, false)
  table.setForeground('ann', false)
  assert.equal(table.hasChanges, false)
  table.setForeground('ann', false)
  assert.deepEqual(table.takeChanges(), [['ann', 2, 0]])
  table.remove('ann', false)
  assert.equal(table.hasChanges, false)
  table.remove('ann', false)
  assert.deepEqual(table.takeChanges(), [['ann', 0, 0]])
  assert.deepEqual(table.whole(), [])
})

test('everybody, then each once with all their sockets', () => {
  const table = new PresenceTable()
  for (const user of ['ann', 'bea', 'ann']) table.add(user)
  assert.deepEqual(table.whole(), [
    ['ann', 2, 2],
    ['bea', 1, 1],
  ])
})
