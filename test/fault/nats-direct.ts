import { type Bus, connectBus } from '@switchboard/bus/connect'
import type { Logger } from '@switchboard/runtime/context'
import type { DirectNats } from './faults-kind.ts'
import type { World } from './world-shape.ts'
import { until } from './world-until.ts'

const say = (): void => {}
/** What a connection of the test has to say about a NATS that is being killed interests nobody. */
const SILENT = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say } as unknown as Logger

const REPLICATED_MS_MAX = 60_000
const PUBLISH_MS_MAX = 15_000

type Place = Pick<World, 'natsUrls' | 'namespace' | 'nats'>

/** A connection around all proxies. */
export const connectDirectly = (world: Place): Promise<Bus> =>
  connectBus({
    url: world.natsUrls.join(','),
    namespace: world.namespace,
    service: 'nemesis',
    replicas: world.nats.length,
    log: SILENT,
  })

/** Connects for each thing that is asked, as nodes come and go meanwhile. */
export function directNats(world: Place): DirectNats {
  return {
    /** A second node may only be taken away then: two stores with holes are more than three replicas survive. */
    untilReplicated: async () => {
      await using bus = await connectDirectly(world)
      await until('every NATS stream has all its replicas', REPLICATED_MS_MAX, async () => {
        try {
          const streams = await bus.jsm.streams.list().next()
          return streams.length > 0 && streams.every(({ cluster }) => isWhole(cluster, world.nats.length))
        } catch {
          // No leader of the cluster yet: that is what is being waited for.
          return false
        }
      })
    },
    publishCommand: async (room, data) => {
      await using bus = await connectDirectly(world)
      await bus.js.publish(bus.names.command('room', room), data, { timeout: PUBLISH_MS_MAX })
    },
  }
}

interface Cluster {
  readonly leader?: string
  readonly replicas?: readonly { readonly current: boolean; readonly offline?: boolean }[]
}

const isWhole = (cluster: Cluster | undefined, nodes: number): boolean =>
  Boolean(cluster?.leader) &&
  cluster?.replicas?.length === nodes - 1 &&
  cluster.replicas.every(({ current, offline }) => current && !offline)
