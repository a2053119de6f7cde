import { readLeases } from '@switchboard/bus/lease'
import type { MetricName } from '@switchboard/contracts/metrics'
import { PARTITIONS } from '@switchboard/contracts/partition'
import type { RunningWorld } from '../world.ts'
import { connectAround } from './nats-around.ts'
import type { Play } from './play.ts'
import type { Switches } from './switches.ts'

const HELD = 'switchboard_router_partitions'
/** A lease lives as long as four renewals take: twice that shows whether it is renewed. */
const RENEWALS = 8

/** A process of a world; here it is mostly a router. */
export type WorldProcess = RunningWorld['services'][number]

/** The sum of a metric over its labels. */
export function sampleOf(samples: ReadonlyMap<string, number>, name: MetricName): number {
  let sum = 0
  for (const [key, value] of samples) if (key.split('{')[0] === name) sum += value
  return sum
}

/** How many partitions the routers hold together, as they say themselves. */
export async function partitionsHeld(world: RunningWorld): Promise<number> {
  const all = await Promise.all(world.of('router').map((router) => router.metrics()))
  return all.reduce((sum, samples) => sum + sampleOf(samples, HELD), 0)
}

/** Every partition has one owner, and every router has some. */
export const untilShared = (play: Play): Promise<void> =>
  play.until('every partition has one router', async () => {
    const routers = await Promise.all(play.world.of('router').map((router) => router.metrics()))
    const held = routers.map((samples) => sampleOf(samples, HELD))
    return held.every((count) => count > 0) && held.reduce((sum, count) => sum + count, 0) === PARTITIONS
  })

/** Resolves when this router alone holds everything. */
export const untilTakenOver = (play: Play, router: WorldProcess): Promise<void> =>
  play.until(`${router.name} has all partitions`, async () => sampleOf(await router.metrics(), HELD) === PARTITIONS)

/**
 * Watches the owners of partitions while nothing happens, until each router has renewed its leases often enough.
 * @returns what is wrong: partitions that were held twice.
 */
export async function watchOwners(play: Play): Promise<readonly string[]> {
  const { world } = play
  await using bus = await connectAround(world)
  const revisions = new Map<string, Set<number>>()
  const found: string[] = []
  await play.until('the leases are renewed, or not', async () => {
    const held = await partitionsHeld(world)
    if (held > PARTITIONS) found.push('partitions with two owners')
    for (const { key, revision } of await readLeases(bus, 'router.member.>'))
      revisions.set(key, (revisions.get(key) ?? new Set()).add(revision))
    const renewed = [...revisions.values()].filter((seen) => seen.size > RENEWALS)
    return found.length > 0 || renewed.length >= world.of('router').length
  })
  return found
}

/** Which router holds a room, and which one does not: whoever writes what is said in it. `say` must make one event. */
export async function ownerOf(
  { play, switches }: { play: Play; switches: Switches },
  say: () => Promise<unknown>,
): Promise<{ owner: WorldProcess; other: WorldProcess }> {
  await switches.on('who-writes', { once: true })
  await say()
  const [pid] = await switches.hits('who-writes')
  const owner = play.world.services.find((service) => service.pid === pid)
  const other = play.world.services.find(({ service, pid: own }) => service === 'router' && own !== pid)
  if (owner?.service !== 'router' || !other) throw new Error(`no router has the process ${pid}`)
  return { owner, other }
}
