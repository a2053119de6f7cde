import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import type { Seat } from '@switchboard/domain/desk'
import { AgentWatch } from './agent-watch.ts'

const AWAIT_MS = 1_000
const NOTHING = { connected: [], gone: [] }

/** A desk of `ann`, and a watch that hears of the connections in `online`. */
function place({ connected = true, isGhost = false } = {}) {
  const online = new Set<string>()
  const seat = (isConnected: boolean) => ({ agent: { user: 'ann', connected: isConnected }, isGhost }) as Seat
  const agents = new Map([['ann', seat(connected)]])
  const watch = new AgentWatch((user) => online.has(user), AWAIT_MS)
  const says = (isConnected: boolean) => agents.set('ann', seat(isConnected))
  return { online, watch, says, look: (steadyMs: number) => watch.changes({ desk: 'd', agents }, steadyMs) }
}

test('an agent who says to be there, when no connection is heard of yet, is awaited before they count as gone', () => {
  const { look } = place()
  assert.deepEqual(look(5_000), NOTHING)
  assert.deepEqual(look(5_000 + AWAIT_MS - 1), NOTHING)
  assert.deepEqual(look(5_000 + AWAIT_MS), { connected: [], gone: ['ann'] })
})

test('an agent whose connection was heard of, when it has ended, is gone at once and until the desk knows', () => {
  const { online, look, says } = place()
  online.add('ann')
  assert.deepEqual(look(1), NOTHING)
  online.delete('ann')
  assert.deepEqual(look(2), { connected: [], gone: ['ann'] })
  assert.deepEqual(look(3), { connected: [], gone: ['ann'] })
  says(false)
  assert.deepEqual(look(4), NOTHING)
})

test('an agent who comes back and says so before their connection is heard of, is awaited anew', () => {
  const { online, look, says } = place()
  online.add('ann')
  look(1)
  online.delete('ann')
  says(false)
  look(2)
  says(true)
  assert.deepEqual(look(3), NOTHING)
  assert.deepEqual(look(3 + AWAIT_MS), { connected: [], gone: ['ann'] })
})

test('an agent whose connection is heard of, when the desk takes them for gone, is told of as connected', () => {
  const { online, look } = place({ connected: false })
  assert.deepEqual(look(1), NOTHING)
  online.add('ann')
  assert.deepEqual(look(2), { connected: ['ann'], gone: [] })
})

test('a desk that was away, when it is ours again, is looked at as if for the first time', () => {
  const { online, look, watch } = place()
  online.add('ann')
  look(1)
  watch.forget('d')
  online.delete('ann')
  assert.deepEqual(look(2), NOTHING)
})

test('an agent who was removed is not told of', () => {
  const { look } = place({ isGhost: true })
  assert.deepEqual(look(1), NOTHING)
  assert.deepEqual(look(1 + AWAIT_MS), NOTHING)
})

test('of many agents who went at once, one look tells of as many as a command may', () => {
  const online = new Set<string>()
  const seats = Array.from({ length: MAX.deskSteps + 1 }, (_, n) => `a${n}`)
  const agents = new Map(seats.map((user) => [user, { agent: { user, connected: true }, isGhost: false } as Seat]))
  const watch = new AgentWatch((user) => online.has(user), AWAIT_MS)
  for (const user of seats) online.add(user)
  watch.changes({ desk: 'd', agents }, 1)
  online.clear()
  assert.equal(watch.changes({ desk: 'd', agents }, 2).gone.length, MAX.deskSteps)
})
