import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeStage, fakeWorld } from './faults-fake-world.ts'
import { type FaultKind, fault } from './faults-kind.ts'
import { unleash } from './nemesis.ts'
import type { Plan, PlannedFault } from './plan.ts'

const planned = (id: string, name: string, times: { beginMs: number; durationMs: number }): PlannedFault => ({
  id,
  name,
  target: 'router-1',
  crowd: 1,
  ...times,
})

const planOf = (...faults: PlannedFault[]): Plan => ({ seed: 1, minutes: 1, mode: 'safety', faults })

/** Runs a plan on a fake world, and gives what was told. */
async function run(plan: Plan, kinds: readonly FaultKind[], signal?: AbortSignal) {
  const world = fakeWorld()
  const told: string[] = []
  const running = unleash({
    plan,
    kinds,
    stage: fakeStage(world, ''),
    told: ({ id }, phase) => told.push(`${id} ${phase}`),
    ...(signal && { signal }),
  })
  const error = await running.then(
    () => undefined,
    (reason: Error) => reason,
  )
  return { world, told, error }
}

/** Kills router-1; healing takes as long as `healed` does. */
const killing = (name: string, healed: Promise<void> = Promise.resolve()): FaultKind =>
  fault(
    { name, what: 'kills', listed: 'F1' },
    {
      claims: ['router'],
      seconds: [0, 1],
      targets: ['router-1'],
      inject: async ({ world }) => {
        const [, , router] = world.services
        await router?.kill()
        return async () => {
          await healed
          await router?.start()
        }
      },
    },
  )

test('faults of a plan, when it is over, have begun in order and are all healed', async () => {
  const plan = planOf(
    planned('f1', 'kill', { beginMs: 0, durationMs: 5 }),
    planned('f2', 'kill', { beginMs: 10, durationMs: 5 }),
  )
  const { world, told, error } = await run(plan, [killing('kill')])
  assert.equal(error, undefined)
  assert.deepEqual(told, ['f1 begin', 'f1 healed', 'f2 begin', 'f2 healed'])
  assert.deepEqual(world.wrong, [])
})

test('a fault whose claim is still held, when its time has come, waits until the other is healed', async () => {
  const healing = Promise.withResolvers<void>()
  const plan = planOf(
    planned('f1', 'slow', { beginMs: 0, durationMs: 1 }),
    planned('f2', 'kill', { beginMs: 2, durationMs: 1 }),
    planned('f3', 'free', { beginMs: 4, durationMs: 1 }),
  )
  const free = { ...killing('free'), claims: ['mongo'] as const, inject: async () => () => healing.resolve() }
  const { told, error } = await run(plan, [killing('slow', healing.promise), killing('kill'), free])
  assert.equal(error, undefined)
  assert.equal(told.length, 6)
  assert.ok(told.indexOf('f3 begin') < told.indexOf('f1 healed'), 'f3 has another claim and waits for nobody')
  assert.ok(told.indexOf('f2 begin') > told.indexOf('f1 healed'))
})

test('a fault that cannot be put on, when it fails, ends the plan with its name and leaves nothing broken', async () => {
  const plan = planOf(
    planned('f1', 'kill', { beginMs: 0, durationMs: 60_000 }),
    planned('f2', 'broken', { beginMs: 1, durationMs: 1 }),
    planned('f3', 'kill', { beginMs: 60_000, durationMs: 1 }),
  )
  const broken: FaultKind = {
    ...killing('broken'),
    claims: ['mongo'],
    inject: async ({ world }) => {
      world.mongo.freeze()
      throw new Error('no such thing')
    },
  }
  const { world, told, error } = await run(plan, [killing('kill'), broken])
  assert.match(error?.message ?? '', /broken on router-1: no such thing/)
  assert.deepEqual(told, ['f1 begin', 'f2 begin', 'f1 healed'])
  assert.deepEqual(world.wrong, [])
})

test('a plan that is called off, while a fault is on, heals it and begins no other', async () => {
  const abort = new AbortController()
  const plan = planOf(
    planned('f1', 'kill', { beginMs: 0, durationMs: 60_000 }),
    planned('f2', 'kill', { beginMs: 60_000, durationMs: 1 }),
  )
  const kind = killing('kill')
  const inject: FaultKind['inject'] = async (stage) => {
    const heal = await kind.inject(stage)
    abort.abort()
    return heal
  }
  const { world, told, error } = await run(plan, [{ ...kind, inject }], abort.signal)
  assert.equal(error, undefined)
  assert.deepEqual(told, ['f1 begin', 'f1 healed'])
  assert.deepEqual(world.wrong, [])
})
