import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type NatsCluster, startNatsCluster } from '@switchboard/testkit/nats-cluster'
import { freePort } from '@switchboard/testkit/ports'
import type { PushServers, PushServersOptions } from '@switchboard/testkit/push-servers'
import { type Server, startMongo } from '@switchboard/testkit/servers'
import { newSigningKey } from '../../tools/system/key.ts'
import { openLogFile } from '../../tools/system/log-file.ts'
import type { ServiceName } from '../../tools/system/service.ts'
import { WorldLinks } from './world-links.ts'
import { addUp } from './world-metrics.ts'
import { startWorldPush, type WorldPush } from './world-push.ts'
import { mendCluster, mongoVictim, natsVictim } from './world-servers.ts'
import type { World } from './world-shape.ts'
import { type Death, startWorldService, type WorldService } from './world-victim.ts'

const SERVICES: readonly ServiceName[] = ['storage', 'router', 'notifier', 'edge']
const REPLICAS = '3'

export interface WorldOptions {
  /** How many of each service; two of those that are left out. */
  readonly counts?: Readonly<Partial<Record<ServiceName, number>>>
  /** On top of what is set here. */
  readonly serviceEnv?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>
  /** Modules (URLs) that the processes of a service load before everything else. */
  readonly imports?: Readonly<Partial<Record<ServiceName, readonly string[]>>>
  /** Where all processes write what they say. Left out, it is deleted with the world. */
  readonly logDir?: string
  /** What JetStream may write on each node, in bytes: to see it full. */
  readonly fileStoreBytesMax?: number
  /** Called with what each phone would have shown. */
  readonly onPush?: PushServersOptions['onPush']
  /** Called with what a person should see: warnings, and what is being waited for. */
  readonly report?: (line: string) => void
}

export interface RunningWorld extends World {
  readonly services: readonly WorldService[]
  /** Devices to register, what the phones got, faults of the providers. */
  readonly push: PushServers
  readonly cluster: NatsCluster
  readonly logDir: string
  /** Processes that ended without having been told to: there should be none, whatever the faults. */
  readonly deaths: readonly Death[]
  /** What all processes of all services have counted since the world began, by `name{labels}`; a killed one up to a second before. */
  counters(): Promise<Map<string, number>>
}

/** Everything as separate processes, a proxy on each link; resolves when all are ready. Disposing ends it all and deletes the data. */
export async function startWorld(options: WorldOptions = {}): Promise<RunningWorld> {
  await using stack = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'switchboard-world-'))
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }))
  const logDir = options.logDir ?? join(directory, 'logs')
  const links = stack.use(new WorldLinks())
  const push = stack.use(
    await startWorldPush(links, namesOf('notifier', options), options.onPush ? { onPush: options.onPush } : {}),
  )
  const { cluster, mongo } = await startServersOf({ options, directory, logDir, stack })
  for (const { between, lines } of cluster.routes) links.add(between.join(' ↔ '), lines)
  const place: Place = { options, links, push, cluster, mongo, logDir, directory, id: randomUUID().slice(0, 8) }
  const deaths: Death[] = []
  const { services, edgeUrls } = await startServices(place, deaths, stack)
  const url = await links.inTurn(
    namesOf('edge', options).map((edge) => `clients → ${edge}`),
    edgeUrls,
  )
  await Promise.all(services.map((service) => service.ready()))
  const all = stack.move()
  const nats = cluster.nodes.map(natsVictim)
  const database = mongoVictim(mongo)
  return {
    url,
    edgeUrls,
    services,
    nats,
    mongo: database,
    links: links.all,
    natsUrls: cluster.nodes.map((node) => node.url),
    mongoUrl: mongo.url,
    namespace: namespaceOf(place),
    database: databaseOf(place),
    push: push.servers,
    cluster,
    logDir,
    deaths,
    of: (service) => services.filter((victim) => victim.service === service),
    leaderOf: async (stream) => {
      const leader = await cluster.leaderOf(stream)
      return nats.find(({ name }) => name === leader)
    },
    counters: async () => addUp(await Promise.all(services.map((service) => service.counted()))),
    healAll: async () => {
      for (const link of links.all) link.heal()
      for (const service of services) service.thaw()
      database.thaw()
      await Promise.all([mendCluster(cluster), database.start()])
      await Promise.all(services.map(mendService))
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

async function mendService(service: WorldService): Promise<void> {
  const clock = service.stepClock(0)
  await service.start()
  await clock
}

interface Place {
  readonly options: WorldOptions
  readonly links: WorldLinks
  readonly push: WorldPush
  readonly cluster: NatsCluster
  readonly mongo: Server
  readonly logDir: string
  readonly directory: string
  readonly id: string
}

const namespaceOf = ({ id }: Place) => `w${id}`
const databaseOf = ({ id }: Place) => `world_${id}`

const namesOf = (service: ServiceName, { counts }: WorldOptions): readonly string[] =>
  Array.from({ length: counts?.[service] ?? 2 }, (_, i) => `${service}-${i + 1}`)

interface Bringing {
  readonly options: WorldOptions
  readonly directory: string
  readonly logDir: string
  readonly stack: AsyncDisposableStack
}

async function startServersOf({ options, directory, logDir, stack }: Bringing) {
  const { report, fileStoreBytesMax } = options
  const log = stack.use(openLogFile(logDir, 'nats'))
  const [cluster, mongo] = await Promise.allSettled([
    startNatsCluster({
      directory: join(directory, 'nats'),
      onLine: (node, line) => log.write(`${node} ${line}`),
      ...(report && { report }),
      ...(fileStoreBytesMax !== undefined && { fileStoreBytesMax }),
    }),
    startMongo(report),
  ])
  if (cluster.status === 'fulfilled') stack.use(cluster.value)
  if (mongo.status === 'fulfilled') stack.use(mongo.value)
  if (cluster.status === 'rejected') throw cluster.reason
  if (mongo.status === 'rejected') throw mongo.reason
  await cluster.value.settled()
  return { cluster: cluster.value, mongo: mongo.value }
}

async function startServices(place: Place, deaths: Death[], stack: AsyncDisposableStack) {
  const { options } = place
  const key = newSigningKey()
  const edgeUrls: string[] = []
  const starting: Promise<WorldService>[] = []
  for (const service of SERVICES) {
    for (const [i, name] of namesOf(service, options).entries()) {
      const own = await ownEnvironment(place, { service, name, i })
      if (service === 'edge') {
        const port = await freePort()
        edgeUrls.push(`http://127.0.0.1:${port}`)
        Object.assign(own, { HOST: '127.0.0.1', PORT: String(port), JWT_PRIVATE_KEY: key, DRAIN_SECONDS_MAX: '2' })
      }
      const natsUrls = await place.links.to(
        `${name} → nats`,
        place.cluster.nodes.map((node) => node.url),
      )
      starting.push(
        startWorldService({
          name,
          service,
          env: {
            NATS_URL: natsUrls.join(','),
            NATS_NAMESPACE: namespaceOf(place),
            NATS_REPLICAS: REPLICAS,
            ...own,
            ...options.serviceEnv?.[service],
          },
          imports: options.imports?.[service] ?? [],
          logDir: place.logDir,
          stateDir: place.directory,
          report: options.report ?? (() => {}),
          onDeath: (death) => deaths.push(death),
        }),
      )
    }
  }
  const results = await Promise.allSettled(starting)
  const services = results.flatMap((result) => (result.status === 'fulfilled' ? [stack.use(result.value)] : []))
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return { services, edgeUrls }
}

async function ownEnvironment(
  place: Place,
  { service, name, i }: { service: ServiceName; name: string; i: number },
): Promise<Record<string, string>> {
  if (service === 'notifier') return { ...place.push.settings[i] }
  if (service !== 'storage') return {}
  const [mongoUrl = ''] = await place.links.to(`${name} → mongo`, [place.mongo.url])
  return { MONGO_URL: mongoUrl, MONGO_DATABASE: databaseOf(place), SCRYPT_COST_LOG2: '10' }
}
