import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import fc from 'fast-check'
import { type Fate, PARTITIONS, SLOW_END_MS, World } from '../test/simulated-pods.ts'

type Action =
  | { readonly kind: 'start' | 'kill' | 'stop' | 'hang' | 'go on' | 'lose timers' }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'give up'; readonly partition: number }

function act(world: World, action: Action): void {
  const [oldest] = world.living
  if (action.kind === 'pass') world.pass(action.ms)
  else if (action.kind === 'start' && world.living.length < 4) world.start()
  else if (action.kind === 'kill' && oldest) oldest.state = 'dead'
  else if (action.kind === 'lose timers') world.loseTimers()
  else if (action.kind === 'stop') oldest?.goOn()
  else if (action.kind === 'hang') oldest?.hang()
  else if (action.kind === 'go on') for (const pod of world.living) pod.goOn()
  else if (action.kind === 'give up') for (const pod of world.living) pod.giveUp(action.partition)
  if (action.kind === 'stop') oldest?.stop()
}

/** Looks of every pod, with nothing else going on. */
async function looks(world: World, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await world.s.waitIdle()
    world.pass(MAX.leaseMs / 4)
  }
  await world.s.waitIdle()
}

/** Until a lease of the dead has run out, or was not renewed for too long, the living have seen it, and what they lost is handed over. */
const LOOKS_UNTIL_REST = 30
/** In which nothing changes at rest: longer than any lease of the dead or of a slow end lives on. */
const LOOKS_AT_REST = 14

/** Looks until nothing has changed for long. @throws when that is not soon. */
async function rest(world: World): Promise<void> {
  const seen: string[] = []
  for (let i = 0; i < LOOKS_UNTIL_REST + LOOKS_AT_REST; i += 1) {
    await looks(world, 1)
    seen.push(world.living.map(({ changes }) => changes).join())
    if (new Set(seen.slice(-LOOKS_AT_REST - 1)).size === 1 && i >= LOOKS_AT_REST) return
  }
  assert.fail(`no rest: ${seen.join(' ')}`)
}

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(750, 750, 750, 1_500, 4_000).map((ms): Action => ({ kind: 'pass', ms })),
  },
  { weight: 2, arbitrary: fc.nat(PARTITIONS - 1).map((partition): Action => ({ kind: 'give up', partition })) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        'start' as const,
        'start' as const,
        'kill' as const,
        'stop' as const,
        'hang' as const,
        'go on' as const,
        'lose timers' as const,
      )
      .map((kind): Action => ({ kind })),
  },
)

test('pods that come, hang, die and hear nothing, then soon every partition has one pod, nobody too many, and all is at rest', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('good', 'good', 'good', 'lost', 'unanswered'), {
    maxLength: 300,
    size: 'max',
  })
  const acts = fc.array(fc.tuple(action, fc.nat(8)), { maxLength: 25, size: 'max' })
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts, async (s, fated, todo) => {
      const world = new World(s, fated)
      world.start()
      for (const [one, steps] of todo) {
        act(world, one)
        await s.waitNext(Math.min(steps, s.count()))
        assert.deepEqual(world.sureTwice, [], 'two pods are sure of one partition')
      }
      for (const pod of world.living) pod.goOn()
      if (world.living.length === 0) world.start()
      world.calm()
      await rest(world)
      assert.deepEqual(world.stolen, [], 'a lease is taken from a pod that has it')
      const { living } = world
      const held = living.flatMap(({ works }) => [...works])
      assert.equal(new Set(held).size, PARTITIONS, `only ${new Set(held).size} partitions have a pod`)
      assert.equal(held.length, PARTITIONS, 'a partition has two pods')
      for (const { id, works } of living)
        assert.ok(works.size <= Math.ceil(PARTITIONS / living.length), `${id} has ${works.size}`)
      for (const { id, works } of living) {
        for (const partition of works) {
          const lease = world.rows.get(`router.partition.${partition}`)
          assert.ok(lease?.value === id && lease.until !== null, `${id} works on ${partition} without a lease`)
        }
      }
    }),
    { numRuns: 60 },
  )
})

test('a pod that hangs for longer than its leases live and goes on, then it takes none back from those who have them now', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 8 }), async (s, looksHung) => {
      const world = new World(s, [])
      world.start()
      world.start()
      await looks(world, 6)
      world.living[0]?.hang()
      await looks(world, looksHung)
      assert.deepEqual(world.sureTwice, [])
      world.living[0]?.goOn()
      assert.deepEqual(world.sureTwice, [])
      await rest(world)
      const sure = world.living.map((pod) => [...pod.sure.values()].filter((isSure) => isSure()).length)
      assert.deepEqual(sure.sort(), [2, 3], 'who has a partition is sure of it')
      assert.deepEqual(world.stolen, [])
      assert.deepEqual(world.living.map(({ works }) => works.size).sort(), [2, 3])
    }),
    { numRuns: 10 },
  )
})

test('the work of a partition ends for longer than its lease lives, then it does not begin anew before that', async () => {
  const world = new World({ schedule: (task: Promise<void>) => task } as unknown as fc.Scheduler, [])
  const settle = async () => {
    for (let i = 0; i < 10; i += 1) await new Promise<void>((resolve) => setImmediate(resolve))
  }
  world.start()
  await settle()
  const [pod] = world.pods
  assert.equal(pod?.changes, PARTITIONS)
  world.trouble('lost')
  pod?.giveUp(0)
  await settle()
  const works: number[] = []
  for (let ms = 0; ms < SLOW_END_MS + 2 * MAX.leaseMs; ms += MAX.leaseMs / 4) {
    world.pass(MAX.leaseMs / 4)
    await settle()
    works.push(pod?.changes ?? 0)
  }
  // Nothing while it ends; then its end, and one new beginning.
  assert.deepEqual([works[0], works.at(5), works.at(-1)], [PARTITIONS, PARTITIONS, PARTITIONS + 2])
})

test('the servers forget when leases run out and a pod dies, then the others have what it had after three lives of a lease', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (s) => {
      const world = new World(s, [])
      world.start()
      world.start()
      await looks(world, 6)
      world.loseTimers()
      act(world, { kind: 'kill' })
      await looks(world, 16)
      assert.deepEqual(
        world.living.map(({ works }) => works.size),
        [PARTITIONS],
      )
    }),
    { numRuns: 10 },
  )
})
