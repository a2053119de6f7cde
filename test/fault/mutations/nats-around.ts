import { type Bus, connectBus } from '@switchboard/bus/connect'
import type { Logger } from '@switchboard/runtime/context'
import type { World } from '../world-shape.ts'

const say = (): void => {}
/** What a connection of the test has to say about a NATS that comes and goes interests nobody. */
const SILENT = { trace: say, debug: say, info: say, warn: say, error: say, fatal: say } as unknown as Logger

/** A connection to NATS around all proxies. */
export const connectAround = (world: World): Promise<Bus> =>
  connectBus({
    url: world.natsUrls.join(','),
    namespace: world.namespace,
    service: 'play',
    replicas: world.nats.length,
    log: SILENT,
  })
