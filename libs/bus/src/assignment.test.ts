import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { assign } from './assignment.ts'

const members = fc
  .uniqueArray(fc.stringMatching(/^[a-z0-9]{4,16}$/), { minLength: 1, maxLength: 12 })
  .map((ids) => ids.sort())

test('assign, for any members, then every partition has one owner and nobody more than the cap', () => {
  fc.assert(
    fc.property(members, (ids) => {
      const assignment = assign(64, ids)
      assert.equal(assignment.size, 64)
      const most = Math.ceil(64 / ids.length)
      for (const id of ids) assert.ok([...assignment.values()].filter((owner) => owner === id).length <= most)
    }),
  )
})

test('assign, when a member leaves, then most of what the others had stays with them', () => {
  const before = assign(64, ['a1', 'b2', 'c3', 'd4'])
  const after = assign(64, ['a1', 'b2', 'c3'])
  const moved = [...before].filter(([partition, owner]) => owner !== 'd4' && after.get(partition) !== owner)
  assert.ok(moved.length <= 24, `${moved.length} moved`)
})

test('assign, without members, then nothing is owned', () => {
  assert.equal(assign(64, []).size, 0)
})
