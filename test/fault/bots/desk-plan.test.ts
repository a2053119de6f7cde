import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deskOperationOf, deskOutcomeOf } from './desk-operations.ts'
import { planDesk } from './desk-plan.ts'

test('the people of a desk, spread over processes, are all there, and somebody in each watches the whole desk', () => {
  const crowd = { desk: 'd', key: 'k', agents: 7, bots: 1, visitors: 10, capacity: 2, watching: 1 }
  const parts = [0, 1, 2].map((index) => planDesk(crowd, index, 3))
  assert.equal(new Set(parts.flatMap(({ agents }) => agents.map(({ user }) => user))).size, 8)
  assert.deepEqual(
    parts.map(({ visitors }) => visitors),
    [4, 3, 3],
  )
  assert.equal(parts.flatMap(({ agents }) => agents.filter(({ isBot }) => isBot)).length, 1)
  assert.ok(parts.every(({ agents }) => agents.filter(({ isWatching }) => isWatching).length === 1))
})

test('what a desk decides is written down with what fences it, and a question is not', () => {
  const at = { cid: 'c', conversation: 'd-1', revision: 3 }
  assert.deepEqual(deskOperationOf('desk.transfer', { ...at, to: { agent: 'kim' }, note: 'a secret' }), {
    name: 'transfer',
    ...at,
  })
  assert.equal(deskOperationOf('desk.position', { conversation: 'd-1' }), null)
  assert.equal(deskOperationOf('desk.note', { ...at, text: 'a note' }), null)
  const standing = { state: 'assigned', revision: 4, agent: 'kim' }
  const answer = { conversation: 'd-1', room: 'd-1', desk: 'd', ...standing }
  assert.deepEqual(deskOutcomeOf(answer), { outcome: 'ok', conversation: 'd-1', standing })
  assert.deepEqual(deskOutcomeOf({ user: 'kim', status: 'online' }), { outcome: 'ok' })
})
