import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { freePort } from '@switchboard/testkit/ports'
import { type ServiceName, type ServiceProcess, startService } from './service.ts'
import { SetupError } from './setup-error.ts'

/** Storage first and edges last: whoever is asked is there before whoever asks, and the door opens when the house is warm. */
export const SERVICES: readonly ServiceName[] = ['storage', 'router', 'notifier', 'edge']

const WEB_DIR = fileURLToPath(new URL('../../web/dist', import.meta.url))
// A few browsers on this machine need no gentle hand-over to other edges.
const DRAIN_SECONDS_MAX = '2'
const STOP_SECONDS_MAX = 20

export interface SystemOptions {
  readonly natsUrl: string
  readonly mongoUrl: string
  /** First token of every subject; a test uses its own. */
  readonly namespace: string
  readonly database: string
  /** PEM, PKCS #8, Ed25519. */
  readonly jwtPrivateKey: string
  readonly logDir: string
  readonly host?: string
  /** Of the first edge; 0 or nothing takes a free one. */
  readonly port?: number
  readonly services?: readonly ServiceName[]
  /** For all services, on top of what is set here. */
  readonly env?: Readonly<Record<string, string>>
  /** For one service, on top of `env`. */
  readonly serviceEnv?: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>>
  readonly report?: (line: string) => void
  /** Breaks the start off; what runs already is stopped in order. */
  readonly signal?: AbortSignal
}

export interface System extends AsyncDisposable {
  /** Of the first edge: the page, the API and, as ws://, the connection. */
  readonly url: string
  /** In the order in which they were started. */
  readonly processes: readonly ServiceProcess[]
  /** The first process of a service. */
  process(service: ServiceName): ServiceProcess
  /** Starts another one, ready when this resolves; an edge listens on a free port of its own. */
  add(service: ServiceName): Promise<{ process: ServiceProcess; url: string }>
}

/**
 * Runs the services as processes of their own against given servers and resolves when all are ready. Disposing stops them in
 * reverse order.
 */
export async function startSystem(options: SystemOptions): Promise<System> {
  const { report = () => {}, services = SERVICES, host = '127.0.0.1' } = options
  for (const service of services) {
    const main = fileURLToPath(new URL(`../../services/${service}/src/main.ts`, import.meta.url))
    if (!existsSync(main)) throw new SetupError(`this checkout has no services/${service}/src/main.ts`)
  }
  await using started = new AsyncDisposableStack()
  const processes: ServiceProcess[] = []
  const start = async (service: ServiceName, port: number) => {
    const count = processes.filter((other) => other.service === service).length
    const process = await startService(service, {
      label: count === 0 ? service : `${service}-${count + 1}`,
      env: environment(service, { ...options, host, port }),
      logDir: options.logDir,
      report,
      stopSecondsMax: STOP_SECONDS_MAX,
    })
    processes.push(process)
    return process
  }
  const port = options.port || (await freePort(host))
  for (const service of services) started.use(await start(service, port))
  for (const process of processes) await process.ready(options.signal)
  const all = started.move()
  return {
    url: urlOf(host, port),
    processes,
    process: (service) => {
      const found = processes.find((process) => process.service === service)
      if (!found) throw new Error(`no ${service} was started`)
      return found
    },
    add: async (service) => {
      const ownPort = await freePort(host)
      const process = all.use(await start(service, ownPort))
      await process.ready()
      return { process, url: urlOf(host, ownPort) }
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

function environment(
  service: ServiceName,
  options: SystemOptions & { host: string; port: number },
): Record<string, string> {
  const own: Readonly<Record<ServiceName, Record<string, string>>> = {
    storage: { MONGO_URL: options.mongoUrl, MONGO_DATABASE: options.database },
    router: {},
    notifier: {},
    edge: {
      HOST: options.host,
      PORT: String(options.port),
      WEB_DIR,
      JWT_PRIVATE_KEY: options.jwtPrivateKey,
      DRAIN_SECONDS_MAX,
    },
  }
  return {
    NATS_URL: options.natsUrl,
    NATS_NAMESPACE: options.namespace,
    ...own[service],
    ...options.env,
    ...options.serviceEnv?.[service],
  }
}

/** How a browser on this machine reaches it. */
export function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}
