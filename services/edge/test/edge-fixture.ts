import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { ensureStreams } from '@switchboard/bus/streams'
import type { MetricName } from '@switchboard/contracts/metrics'
import { createContext } from '@switchboard/runtime/context'
import { type Servers, startServers } from '@switchboard/testkit/servers'
import { SignJWT } from 'jose'
import { type Edge, startEdge } from '../src/app.ts'
import { type Clock, systemClock } from '../src/clock.ts'
import { settings } from '../src/config.ts'
import { World } from './world.ts'

export const WAIT_MS = 20_000

export const { privateKey, publicKey } = generateKeyPairSync('ed25519')
export const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** A token of our issuer; anything about it can be another. */
export function token(
  user: string,
  { seconds = 600, key = privateKey, issuer = 'switchboard', alg = 'EdDSA' as string } = {},
): Promise<string> {
  const now = Math.floor(Date.now() / 1_000)
  return new SignJWT({ roles: ['user'] })
    .setProtectedHeader({ alg })
    .setIssuer(issuer)
    .setSubject(user)
    .setIssuedAt(now)
    .setExpirationTime(now + seconds)
    .sign(key)
}

/** Timers that fire so many times sooner: minutes pass in a moment, and nothing else changes. */
export const hurried = (times: number): Clock => ({
  ...systemClock,
  after: (ms, then) => systemClock.after(ms / times, then),
  every: (ms, then) => systemClock.every(Math.max(1, ms / times), then),
})

export interface MeteredEdge extends Edge {
  /** The value of a metric as it is scraped: the sum of all its series, or of those whose labels hold this text. */
  metric(name: MetricName | 'nodejs_active_resources', labels?: string): Promise<number>
}

/** The sum of all series of a metric, or of those whose labels hold this text, out of what is scraped. */
export function sumOfSeries(text: string, name: string, labels = ''): number {
  const series = text
    .split('\n')
    .filter((line) => (line.startsWith(`${name}{`) || line.startsWith(`${name} `)) && line.includes(labels))
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

export interface Stage extends AsyncDisposable {
  readonly servers: Servers
  readonly bus: Bus
  readonly world: World
  readonly edge: MeteredEdge
  readonly namespace: string
  /** Another edge of the same system. */
  start(options?: EdgeOptions): Promise<MeteredEdge>
}

export interface EdgeOptions {
  readonly env?: Record<string, string>
  readonly clock?: Clock
  readonly natsUrl?: string
}

/** One edge on a real NATS, and a world behind it. */
export async function stage(options: EdgeOptions = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const servers = stack.use(await startServers({ natsOnly: true }))
  const namespace = `e${randomUUID().slice(0, 8)}`
  const quiet = { LOG_LEVEL: 'silent' }
  const { log, meters } = createContext('edge', settings, { env: quiet })
  stack.use(meters)
  const bus = stack.use(await connectBus({ url: servers.natsUrl, namespace, service: 'world', replicas: 1, log }))
  await ensureStreams(bus)
  const world = stack.use(new World(bus))
  const start = async ({ env = {}, clock = systemClock, natsUrl = servers.natsUrl }: EdgeOptions = {}) => {
    const context = createContext('edge', settings, {
      env: {
        ...quiet,
        NATS_URL: natsUrl,
        NATS_NAMESPACE: namespace,
        HOST: '127.0.0.1',
        PORT: '0',
        JWT_PRIVATE_KEY: PEM,
        DRAIN_SECONDS_MAX: '1',
        ...env,
      },
    })
    const edge = await startEdge(context, { clock })
    const stop = async () => {
      await edge[Symbol.asyncDispose]()
      context.meters[Symbol.dispose]()
    }
    return {
      url: edge.url,
      metric: async (name: MetricName | 'nodejs_active_resources', labels?: string) =>
        sumOfSeries(await context.meters.text(), name, labels),
      [Symbol.asyncDispose]: stop,
    }
  }
  const edge = stack.use(await start(options))
  const all = stack.move()
  return {
    servers,
    bus,
    world,
    edge,
    namespace,
    start: async (more) => all.use(await start(more)),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
