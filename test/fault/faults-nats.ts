import { type FaultKind, fault, type Heal, type Stage } from './faults-kind.ts'
import { leaderOf, nodeOf, routesOf, TARGETS } from './faults-targets.ts'
import type { NatsVictim } from './world-shape.ts'

/** Healed is a node that is back and has all that the others have: only then may the next one go. */
const back =
  (stage: Stage, ...nodes: readonly NatsVictim[]): Heal =>
  async () => {
    await Promise.all(nodes.map((node) => (node.running ? undefined : node.start())))
    await stage.nats.untilReplicated()
  }

async function kill(stage: Stage): Promise<Heal> {
  const node = await leaderOf(stage.world, stage.target)
  await node.kill()
  return back(stage, node)
}

async function freeze(stage: Stage): Promise<Heal> {
  const node = await leaderOf(stage.world, stage.target)
  node.freeze()
  return async () => {
    node.thaw()
    await stage.nats.untilReplicated()
  }
}

async function killAll(stage: Stage): Promise<Heal> {
  await Promise.all(stage.world.nats.map((node) => node.kill()))
  return back(stage, ...stage.world.nats)
}

async function lameDuck(stage: Stage): Promise<Heal> {
  const node = nodeOf(stage.world, stage.target)
  await node.lameDuck()
  return back(stage, node)
}

async function wipe(stage: Stage): Promise<Heal> {
  const node = nodeOf(stage.world, stage.target)
  await node.kill()
  await node.wipe()
  return back(stage, node)
}

const partition =
  (direction: 'both' | 'up' | 'down') =>
  async ({ world, nats, target }: Stage): Promise<Heal> => {
    const links = routesOf(world, target)
    for (const link of links) link.spoil({ kind: 'blackhole', direction })
    return async () => {
      for (const link of links) link.heal()
      await nats.untilReplicated()
    }
  }

/** Faults of the NATS cluster: a node at a time, but for the one that takes all three. */
export const NATS_FAULTS: readonly FaultKind[] = [
  fault(
    { name: 'kill-nats-leader', what: 'kill -9 the NATS node that leads a log stream', listed: 'F3' },
    {
      claims: ['nats'],
      seconds: [1, 8],
      weight: 2,
      targets: TARGETS.leaders,
      inject: kill,
    },
  ),
  fault(
    { name: 'kill-nats-node', what: 'kill -9 one NATS node', listed: 'F3' },
    { claims: ['nats'], seconds: [1, 8], targets: TARGETS.nats, inject: kill },
  ),
  fault(
    { name: 'freeze-nats-leader', what: 'stop the NATS node that leads a log stream and continue it', listed: 'F3' },
    { claims: ['nats'], seconds: [5, 15], targets: TARGETS.leaders, inject: freeze },
  ),
  fault(
    { name: 'kill-nats', what: 'kill -9 all three NATS nodes and start them again', listed: 'F3' },
    { claims: ['nats', 'bus'], seconds: [1, 4], targets: ['nats-1, nats-2 and nats-3'], inject: killAll },
  ),
  fault(
    { name: 'lame-duck-nats', what: 'take one NATS node out as in an update, and put it back', listed: 'F3' },
    { claims: ['nats'], seconds: [1, 4], targets: TARGETS.nats, inject: lameDuck },
  ),
  fault(
    { name: 'wipe-nats-node', what: 'kill -9 one NATS node and delete its JetStream store', listed: 'F3' },
    { claims: ['nats'], seconds: [1, 5], targets: TARGETS.nats, inject: wipe },
  ),
  fault(
    { name: 'partition-nats-node', what: 'part one NATS node from the other two', listed: 'F15' },
    { claims: ['nats'], seconds: [5, 15], targets: TARGETS.nats, inject: partition('both') },
  ),
  fault(
    { name: 'deafen-nats-node', what: 'part one NATS node from the other two in one direction', listed: 'F15' },
    { claims: ['nats'], seconds: [5, 15], targets: TARGETS.nats, inject: partition('up') },
  ),
]
