import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formatVerdict } from '@switchboard/testkit/history/format'
import { BREAKS, type BreakName } from '../mutations/breaks.ts'
import { killEdge } from '../mutations/ghost.ts'
import { PERFORMANCES } from '../mutations/performances.ts'
import { Play } from '../mutations/play.ts'
import { Switches } from '../mutations/switches.ts'
import { type RunningWorld, startWorld } from '../world.ts'
import { withDesks } from '../world-desks.ts'

/** What must be found while a rule is broken; all of these, and nothing but these and `MAY`. */
const FOUND: Readonly<Record<BreakName, readonly string[]>> = {
  'no-cid-check': ['two-seqs', 'duplicate'],
  'no-gap-check': ['hole', 'not repaired'],
  'no-lease-renewal': ['partitions with two owners'],
  'no-expected-sequence': ['duplicate', 'not fenced'],
  'answer-before-commit': ['lost-after-ack'],
  'position-first': ['hole'],
  'no-expiry-of-dead-edges': ['ghost-online'],
  'no-revision-fence': ['fence-broken'],
  'no-capacity': ['capacity-exceeded'],
  'no-requeue': ['not-requeued'],
}
/** What may follow, depending on which of two routers is a little quicker. */
const MAY: Readonly<Partial<Record<BreakName, readonly string[]>>> = {
  'no-expected-sequence': [
    'different-order',
    'wrong-content',
    'wrong-n',
    'hole',
    'two-seqs',
    'lost-after-ack',
    'lost-after-seen',
  ],
}

/** In whose scenario a process dies, whether the rule is broken or not. */
const CRASHING: ReadonlySet<BreakName> = new Set(['answer-before-commit', 'position-first'])

let world: RunningWorld
let switches: Switches
let crashes = 0
before(async () => {
  switches = await Switches.create()
  const imports = [switches.module]
  const all = { edge: imports, router: imports, storage: imports, notifier: imports }
  world = await startWorld(withDesks({ imports: all }))
})
after(async () => {
  await world?.[Symbol.asyncDispose]()
  await switches[Symbol.asyncDispose]()
})

type Performed = keyof typeof PERFORMANCES
const isPerformed = (name: BreakName): name is Performed => name in PERFORMANCES

async function perform(name: Performed, isBroken: boolean): Promise<readonly string[]> {
  await using play = await Play.begin(world)
  const breakNow = async (pids?: readonly number[]) => {
    if (isBroken) await switches.on(name, pids ? { pids } : {})
  }
  try {
    return await PERFORMANCES[name]({ play, switches, breakNow })
  } finally {
    await switches.off(name)
  }
}

for (const { name, why, scenario } of BREAKS) {
  if (!isPerformed(name)) continue
  test(`${scenario}: nothing is wrong`, async () => {
    assert.deepEqual(await perform(name, false), [])
    if (CRASHING.has(name)) crashes += 1
  })

  test(`${scenario}, and nobody keeps it that ${why}: ${FOUND[name].join(', ')}`, async () => {
    const found = await perform(name, true)
    if (CRASHING.has(name)) crashes += 1
    assert.ok((await switches.hits(name)).length > 0, 'the break was never met')
    assert.deepEqual(
      FOUND[name].filter((one) => !found.includes(one)),
      [],
      `found only ${found.join(', ')}`,
    )
    const may = [...FOUND[name], ...(MAY[name] ?? [])]
    assert.deepEqual(
      found.filter((one) => !may.includes(one)),
      [],
    )
  })
}

test('an edge is killed with people on it, then one router shows them offline, and one that forgets dead edges is caught', async () => {
  const { sound, broken } = await killEdge(world, switches)
  assert.ok(sound.passed, formatVerdict(sound))
  assert.deepEqual(Object.keys(broken.found), FOUND['no-expiry-of-dead-edges'])
  assert.ok((await switches.hits('no-expiry-of-dead-edges')).length > 0, 'the break was never met')
})

test('all scenarios were played, then no process has ended but those that were to', () => {
  const unexplained = world.deaths.filter(({ how }) => how !== 'SIGKILL')
  assert.deepEqual(unexplained, [])
  assert.equal(world.deaths.length, crashes)
})
