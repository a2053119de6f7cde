import { type FaultKind, fault, type Heal, type Stage } from './faults-kind.ts'
import { linkOf, linksOf, TARGETS } from './faults-targets.ts'
import type { Claim } from './plan.ts'
import type { StateName } from './states.ts'
import type { Link, Toxic } from './world-shape.ts'

const spoil =
  (toxic: Toxic, find: (stage: Stage) => readonly Link[]) =>
  async (stage: Stage): Promise<Heal> => {
    const links = find(stage)
    for (const link of links) link.spoil(toxic)
    return () => {
      for (const link of links) link.heal()
    }
  }

/** What is cut once is mended at once: the ends must notice and come back by themselves. */
const reset =
  (find: (stage: Stage) => readonly Link[]) =>
  async (stage: Stage): Promise<Heal> => {
    for (const link of find(stage)) link.reset()
    return () => {}
  }

/** The link that a target names. */
const named = ({ world, target }: Stage): readonly Link[] => [linkOf(world, target)]
const toMongo = ({ world }: Stage): readonly Link[] => linksOf(world, /^storage-\d → mongo$/)
const fromClients = ({ world }: Stage): readonly Link[] => linksOf(world, /^clients → edge-\d$/)

const BUS_LINKS = TARGETS.services.map((name) => `${name} → nats`)
const ROUTER_LINKS = TARGETS.router.map((name) => `${name} → nats`)
const CLIENT_LINKS = TARGETS.edge.map((name) => `clients → ${name}`)

interface Spoiling {
  readonly name: string
  readonly what: string
  readonly listed: string
  readonly seconds: readonly [number, number]
  readonly toxic: Toxic
  readonly shows?: readonly StateName[]
}

const onEach =
  (claims: readonly Claim[], targets: readonly string[], find = named) =>
  ({ name, what, listed, seconds, toxic, shows = [] }: Spoiling): FaultKind =>
    fault({ name, what, listed }, { claims, seconds, targets, shows, inject: spoil(toxic, find) })

const bus: readonly FaultKind[] = [
  ...(['both', 'up', 'down'] as const).map((direction) => ({
    name: direction === 'both' ? 'blackhole-bus' : `blackhole-bus-${direction}`,
    what: `nothing passes between one service and NATS${direction === 'both' ? '' : `, ${direction} only`}`,
    listed: 'F15',
    seconds: [5, 30] as const,
    toxic: { kind: 'blackhole', direction } as const,
  })),
  {
    name: 'slow-bus',
    what: 'one service is 200 ms away from NATS',
    listed: 'F15',
    seconds: [5, 20] as const,
    toxic: { kind: 'latency', ms: 200, jitterMs: 100 } as const,
  },
].map(onEach(['bus'], BUS_LINKS))

const mongo: readonly FaultKind[] = [
  {
    name: 'blackhole-mongo',
    what: 'nothing passes between storage and MongoDB, for up to a minute',
    listed: 'F4',
    seconds: [10, 60] as const,
    toxic: { kind: 'blackhole', direction: 'both' } as const,
  },
  {
    name: 'slow-mongo',
    what: 'MongoDB is 500 ms away',
    listed: 'F4',
    seconds: [5, 20] as const,
    toxic: { kind: 'latency', ms: 500, jitterMs: 100 } as const,
  },
].map(onEach(['mongo'], ['every storage → mongo'], toMongo))

const clients: readonly FaultKind[] = [
  {
    name: 'blackhole-clients',
    what: 'the connections of an edge are half open: nothing passes, nothing is closed',
    listed: 'F6',
    seconds: [8, 40] as const,
    toxic: { kind: 'blackhole', direction: 'both' } as const,
  },
  {
    name: 'deafen-clients',
    what: 'what an edge sends does not reach its clients, what they send does',
    listed: 'F6',
    seconds: [8, 30] as const,
    toxic: { kind: 'blackhole', direction: 'down' } as const,
  },
  {
    name: 'slice-clients',
    what: 'the bytes of an edge and its clients arrive in pieces of seven',
    listed: 'F6',
    seconds: [3, 10] as const,
    toxic: { kind: 'slices', bytes: 7 } as const,
  },
  {
    name: 'narrow-clients',
    what: 'an edge and its clients have 20 KB a second for all',
    listed: 'F5',
    seconds: [5, 20] as const,
    toxic: { kind: 'bandwidth', bytesPerSecond: 20_000 } as const,
  },
  {
    name: 'slow-clients',
    what: 'an edge is 300 ms away from its clients',
    listed: 'F5',
    seconds: [5, 20] as const,
    toxic: { kind: 'latency', ms: 300, jitterMs: 200 } as const,
  },
].map(onEach(['clients'], CLIENT_LINKS))

/** Faults of the network between the parts. */
export const LINK_FAULTS: readonly FaultKind[] = [
  ...bus,
  fault(
    {
      name: 'blackhole-router',
      what: 'nothing passes between one router and NATS, longer than a lease',
      listed: 'F15',
    },
    {
      claims: ['bus', 'router'],
      seconds: [8, 20],
      targets: ROUTER_LINKS,
      shows: ['router-takeover'],
      inject: spoil({ kind: 'blackhole', direction: 'both' }, named),
    },
  ),
  fault(
    { name: 'reset-bus', what: 'the connections of one service to NATS are cut', listed: 'F6' },
    { claims: ['bus'], seconds: [0, 1], targets: BUS_LINKS, inject: reset(named) },
  ),
  ...mongo,
  fault(
    { name: 'reset-mongo', what: 'the connections to MongoDB are cut', listed: 'F6' },
    { claims: ['mongo'], seconds: [0, 1], targets: ['every storage → mongo'], inject: reset(toMongo) },
  ),
  fault(
    { name: 'kill-mongo', what: 'kill -9 MongoDB and start it again', listed: 'F4' },
    {
      claims: ['mongo'],
      seconds: [2, 10],
      targets: ['mongo'],
      shows: ['store-retried'],
      inject: async ({ world }) => {
        await world.mongo.kill()
        return () => world.mongo.start()
      },
    },
  ),
  fault(
    { name: 'freeze-mongo', what: 'stop MongoDB and continue it', listed: 'F4' },
    {
      claims: ['mongo'],
      seconds: [5, 20],
      targets: ['mongo'],
      inject: async ({ world }) => {
        world.mongo.freeze()
        return () => world.mongo.thaw()
      },
    },
  ),
  ...clients,
  fault(
    { name: 'reset-clients', what: 'every connection of every client is cut at once', listed: 'F13' },
    {
      claims: ['clients'],
      seconds: [0, 1],
      weight: 2,
      targets: ['every edge'],
      shows: ['connection-lost', 'resumed'],
      inject: reset(fromClients),
    },
  ),
  fault(
    { name: 'kill-clients', what: 'kill -9 a process full of clients', listed: 'F1' },
    {
      claims: ['clients'],
      seconds: [1, 4],
      targets: ['a client process'],
      inject: ({ killClients, dice }) => killClients(dice),
    },
  ),
]
