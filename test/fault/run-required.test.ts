import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseFaults } from './faults.ts'
import { type FaultKind, fault } from './faults-kind.ts'
import { type PlannedFault, planFaults } from './plan.ts'
import { requiredOf } from './run-required.ts'

const rest = { seconds: [1, 1] as const, targets: ['x'], inject: async () => () => {} }
const KINDS: readonly FaultKind[] = [
  fault({ name: 'freeze-router', what: '', listed: '' }, { ...rest, claims: ['router'], shows: ['router-takeover'] }),
  fault({ name: 'slow-mongo', what: '', listed: '' }, { ...rest, claims: ['mongo'], shows: ['store-retried'] }),
  fault({ name: 'freeze-nats', what: '', listed: '' }, { ...rest, claims: ['nats'], shows: ['feed-repair'] }),
]

const planned = (name: string, crowd: number): PlannedFault => {
  return { id: `${name}-${crowd}`, name, target: 'x', beginMs: crowd * 1_000, durationMs: 1_000, crowd }
}

test('a fault, when it comes alone or with one that hides nothing, must show what it leads to', () => {
  const faults = [planned('freeze-router', 1), planned('slow-mongo', 1), planned('freeze-nats', 2)]
  assert.deepEqual(requiredOf({ faults }, KINDS), ['router-takeover', 'store-retried', 'feed-repair'])
})

test('a fault, when NATS is away at the same time, need not show what it leads to, and NATS must', () => {
  const faults = [planned('freeze-router', 1), planned('freeze-nats', 1)]
  assert.deepEqual(requiredOf({ faults }, KINDS), ['feed-repair'])
})

test('a fault that is hidden once, when it comes again by itself, must show what it leads to', () => {
  const faults = [planned('freeze-router', 1), planned('freeze-nats', 1), planned('freeze-router', 2)]
  assert.deepEqual(requiredOf({ faults }, KINDS), ['feed-repair', 'router-takeover'])
})

test('runs of three minutes, whatever their seed, are asked for something', () => {
  const kinds = chooseFaults('safety')
  for (let seed = 1; seed <= 50; seed += 1) {
    const plan = planFaults({ seed, minutes: 3, mode: 'safety', faults: kinds })
    assert.ok(requiredOf(plan, kinds).length > 0, `seed ${seed}`)
  }
})
