import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Claim, type Plan, type Plannable, planFaults } from './plan.ts'
import { diceOf } from './plan-dice.ts'

const CLAIMS: readonly Claim[] = ['edge', 'router', 'storage', 'nats', 'bus', 'mongo', 'clients']

const plannable = fc.record({
  claims: fc.uniqueArray(fc.constantFrom(...CLAIMS), { minLength: 1, maxLength: 3 }),
  min: fc.integer({ min: 0, max: 20 }),
  more: fc.integer({ min: 0, max: 20 }),
  weight: fc.integer({ min: 1, max: 5 }),
  targets: fc.uniqueArray(fc.constantFrom('one', 'two', 'three'), { minLength: 1 }),
})

const faults = fc
  .array(plannable, { minLength: 1, maxLength: 20 })
  .map((list): Plannable[] =>
    list.map(({ min, more, ...rest }, i) => ({ ...rest, name: `fault-${i}`, seconds: [min, min + more] })),
  )

const options = fc.record({
  seed: fc.integer(),
  minutes: fc.integer({ min: 1, max: 10 }),
  mode: fc.constant('safety' as const),
  faults,
})

const endOf = (fault: Plan['faults'][number]): number => fault.beginMs + fault.durationMs

test('a plan, made twice from the same seed, is the same; another seed gives another one', () => {
  const every = (seed: number) => planFaults({ seed, minutes: 3, mode: 'safety', faults: SOME })
  fc.assert(fc.property(options, (one) => assert.deepEqual(planFaults(one), planFaults(one))))
  assert.notDeepEqual(every(1).faults, every(2).faults)
})

test('two faults with a claim in common, wherever they are planned, never overlap', () => {
  fc.assert(
    fc.property(options, (given) => {
      const { faults: planned } = planFaults(given)
      const claimsOf = new Map(given.faults.map((fault) => [fault.name, fault.claims]))
      for (const [i, one] of planned.entries()) {
        for (const other of planned.slice(i + 1)) {
          if (other.beginMs >= endOf(one)) continue
          const both = claimsOf.get(one.name)?.filter((claim) => claimsOf.get(other.name)?.includes(claim))
          assert.deepEqual(both, [], `${one.name} and ${other.name} overlap`)
        }
      }
    }),
  )
})

test('every planned fault, however long the run, lasts as long as it may and ends within the run', () => {
  fc.assert(
    fc.property(options, (given) => {
      for (const planned of planFaults(given).faults) {
        const fault = given.faults.find(({ name }) => name === planned.name)
        const [min = 0, max = 0] = fault?.seconds ?? []
        assert.ok(planned.durationMs >= min * 1_000 && planned.durationMs <= max * 1_000, JSON.stringify(planned))
        assert.ok(endOf(planned) <= given.minutes * 60_000, JSON.stringify(planned))
        assert.ok(fault?.targets.includes(planned.target))
      }
    }),
  )
})

test('a crowd of at most three faults, once it is over, is followed by two quiet seconds', () => {
  fc.assert(
    fc.property(options, (given) => {
      const { faults: planned } = planFaults(given)
      for (const crowd of new Set(planned.map((fault) => fault.crowd))) {
        const together = planned.filter((fault) => fault.crowd === crowd)
        assert.ok(together.length <= 3, 'more than three at once')
        const overMs = Math.max(...together.map(endOf))
        const later = planned.filter((fault) => fault.crowd > crowd)
        assert.ok(later.every(({ beginMs }) => beginMs >= overMs + 2_000))
      }
    }),
  )
})

test('a fault, before it comes a second time, lets every other one that fits come first', () => {
  const { faults: planned } = planFaults({ seed: 7, minutes: 10, mode: 'safety', faults: SOME })
  const names = planned.map(({ name }) => name)
  assert.deepEqual(new Set(names.slice(0, SOME.length)).size, SOME.length)
})

test('a liveness plan, of any seed, is one fault that stays to the end', () => {
  fc.assert(
    fc.property(options, (given) => {
      const { faults: planned } = planFaults({ ...given, mode: 'liveness' })
      assert.equal(planned.length, 1)
      assert.equal(planned[0] && endOf(planned[0]), given.minutes * 60_000)
    }),
  )
})

test('a run that is too short for each of its faults, when planned, is refused with their names', () => {
  const faults: Plannable[] = [{ name: 'long', claims: ['nats'], seconds: [60, 60], weight: 1, targets: ['one'] }]
  assert.throws(() => planFaults({ seed: 1, minutes: 1, mode: 'safety', faults }), /too short for any of: long/)
})

test('dice, thrown many times, reach both ends and every choice and prefer what weighs more', () => {
  const dice = diceOf('a seed')
  const thrown = new Set(Array.from({ length: 500 }, () => dice.int(1, 6)))
  assert.deepEqual([...thrown].sort(), [1, 2, 3, 4, 5, 6])
  const first = Array.from({ length: 500 }, () => dice.shuffle([{ weight: 1 }, { weight: 9 }])[0]?.weight)
  const heavy = first.filter((weight) => weight === 9).length
  assert.ok(heavy > 400 && heavy < 500, `${heavy} of 500`)
})

const SOME: readonly Plannable[] = CLAIMS.map((claim, i) => ({
  name: `fault-${i}`,
  claims: [claim],
  seconds: [1, 5],
  weight: 1,
  targets: ['one', 'two'],
}))
