import { type FaultKind, fault, type Heal, type Stage } from './faults-kind.ts'
import { leaderOf, linkOf, linksOf, serviceOf, TARGETS } from './faults-targets.ts'
import type { Claim } from './plan.ts'
import type { Link, Toxic } from './world-shape.ts'

/** For the whole run, whatever its length. */
const WHOLE_RUN = [0, Number.MAX_SAFE_INTEGER] as const

async function freeze({ world, target }: Stage): Promise<Heal> {
  const victim = serviceOf(world, target)
  victim.freeze()
  return () => victim.thaw()
}

const spoil =
  (toxic: Toxic, find: (stage: Stage) => readonly Link[] = ({ world, target }) => [linkOf(world, target)]) =>
  async (stage: Stage): Promise<Heal> => {
    const links = find(stage)
    for (const link of links) link.spoil(toxic)
    return () => {
      for (const link of links) link.heal()
    }
  }

interface Lasting {
  readonly name: string
  readonly what: string
  readonly listed: string
  readonly claim: Claim
  readonly targets: readonly string[]
  readonly inject: FaultKind['inject']
}

const ROUTES = ['nats-1 ↔ nats-2', 'nats-1 ↔ nats-3', 'nats-2 ↔ nats-3']

const LASTING: readonly Lasting[] = [
  {
    name: 'frozen-router',
    what: 'one router is stopped for good, and its connections stay open',
    listed: 'F16',
    claim: 'router',
    targets: TARGETS.router,
    inject: freeze,
  },
  {
    name: 'frozen-storage',
    what: 'one storage is stopped for good, and its connections stay open',
    listed: 'F16',
    claim: 'storage',
    targets: TARGETS.storage,
    inject: freeze,
  },
  {
    name: 'frozen-notifier',
    what: 'one notifier is stopped for good, and its connections stay open',
    listed: 'F16',
    claim: 'notifier',
    targets: TARGETS.notifier,
    inject: freeze,
  },
  {
    name: 'frozen-nats-leader',
    what: 'the NATS node that leads a log stream is stopped for good',
    listed: 'F3',
    claim: 'nats',
    targets: TARGETS.leaders,
    inject: async ({ world, target }) => {
      const node = await leaderOf(world, target)
      node.freeze()
      return () => node.thaw()
    },
  },
  {
    name: 'parted-nats-nodes',
    what: 'two NATS nodes cannot reach each other, both reach the third',
    listed: 'F15',
    claim: 'nats',
    targets: ROUTES,
    inject: spoil({ kind: 'blackhole', direction: 'both' }),
  },
  {
    name: 'half-parted-nats-nodes',
    what: 'one NATS node does not hear another one, which hears it',
    listed: 'F15',
    claim: 'nats',
    targets: ROUTES,
    inject: spoil({ kind: 'blackhole', direction: 'up' }),
  },
  {
    name: 'distant-edge',
    what: 'one edge is 200 ms away from its clients and from NATS',
    listed: 'F15',
    claim: 'edge',
    targets: TARGETS.edge,
    inject: spoil({ kind: 'latency', ms: 200, jitterMs: 50 }, ({ world, target }) =>
      linksOf(world, new RegExp(`^(clients → ${target}|${target} → nats)$`)),
    ),
  },
  {
    name: 'distant-mongo',
    what: 'MongoDB is 500 ms away',
    listed: 'F4',
    claim: 'mongo',
    targets: ['every storage → mongo'],
    inject: spoil({ kind: 'latency', ms: 500, jitterMs: 100 }, ({ world }) => linksOf(world, /^storage-\d → mongo$/)),
  },
  {
    name: 'wrong-clock',
    what: 'the wall clock of one router is five minutes behind',
    listed: 'F7',
    claim: 'clocks',
    targets: TARGETS.router,
    inject: async ({ world, target }) => {
      const victim = serviceOf(world, target)
      await victim.stepClock(-300_000)
      return () => victim.stepClock(0)
    },
  },
]

/** Faults that stay: a part of the system is lost, and the rest must go on without it. */
export const LASTING_FAULTS: readonly FaultKind[] = LASTING.map(({ name, what, listed, claim, targets, inject }) =>
  fault({ name, what, listed }, { claims: [claim], seconds: WHOLE_RUN, targets, inject }),
)
