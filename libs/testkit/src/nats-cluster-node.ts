import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, startChild } from './child.ts'
import { waitForServer } from './servers-answer.ts'

const GUARD = fileURLToPath(new URL('../../../tools/system/guard.ts', import.meta.url))
const ASK_MS_MAX = 2_000
const START_SECONDS_MAX = 40
// Nothing listens on this port: what the nodes tell each other about themselves leads nowhere, so that they only use the
// routes that they were given, which go through proxies.
const NOWHERE = '127.0.0.1:1'

export interface NatsNodeOptions {
  readonly name: string
  readonly program: string
  readonly directory: string
  readonly ports: { readonly client: number; readonly cluster: number; readonly monitor: number }
  /** `host:port` of each proxy to another node. */
  readonly routes: readonly string[]
  readonly fileStoreBytesMax?: number
  /** Every write is on the disk before it counts: slow, and needed only where power may fail. */
  readonly syncsAlways?: boolean
  readonly onLine?: (line: string) => void
}

/** One node of a cluster, a process of its own that can be killed, frozen and started again. */
export interface NatsNode extends AsyncDisposable {
  readonly name: string
  readonly url: string
  readonly clientPort: number
  readonly running: boolean
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** Resolves when it takes clients, which may be before the cluster has a leader. */
  start(): Promise<void>
  freeze(): void
  thaw(): void
  /** Deletes its JetStream store. Only while it is not running. */
  wipe(): Promise<void>
  /** SIGUSR2: moves its leaders away, sends its clients away, ends. Resolves when it is gone. */
  lameDuck(): Promise<void>
  /** Undefined when its JetStream has caught up with the cluster, else why not. */
  ailment(): Promise<string | undefined>
  /** What its monitor answers on this path; undefined when it does not. */
  ask(path: string): Promise<unknown>
}

export async function startNatsNode(options: NatsNodeOptions): Promise<NatsNode> {
  const { name, directory, ports } = options
  const url = `nats://127.0.0.1:${ports.client}`
  const store = join(directory, 'store')
  const configuration = join(directory, 'nats.conf')
  const pidFile = join(directory, 'nats.pid')
  mkdirSync(directory, { recursive: true })
  writeFileSync(configuration, JSON.stringify(configure(options, { store, pidFile }), undefined, 2))
  const launch = () =>
    startChild({
      name,
      command: process.execPath,
      args: [GUARD, options.program, '--config', configuration],
      ...(options.onLine && { onLine: options.onLine }),
    })
  let child: Child = await launch()
  const greets = async () => {
    const ended = child.exited.then(() => {
      throw new Error(`${name} ended: ${child.tail().slice(-3).join(' ')}`)
    })
    await Promise.race([waitForServer(url, START_SECONDS_MAX), ended])
  }
  const kill = async () => {
    child.kill('SIGKILL')
    await child.exited
  }
  await greets().catch(async (error) => {
    await kill()
    throw error
  })
  const ask = (path: string) => askMonitor(`http://127.0.0.1:${ports.monitor}${path}`)
  return {
    name,
    url,
    clientPort: ports.client,
    get running() {
      return child.running
    },
    kill,
    start: async () => {
      if (!child.running) child = await launch()
      await greets()
    },
    freeze: () => child.kill('SIGSTOP'),
    thaw: () => child.kill('SIGCONT'),
    wipe: async () => {
      if (child.running) throw new Error(`${name} still runs: its store cannot be deleted`)
      await rm(store, { recursive: true, force: true })
    },
    lameDuck: async () => {
      process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGUSR2')
      await child.exited
    },
    ailment: async () => {
      const answer = (await ask('/healthz')) as { status?: string; error?: string } | undefined
      if (answer === undefined) return 'it does not answer'
      return answer.status === 'ok' ? undefined : (answer.error ?? answer.status ?? 'no status')
    },
    ask,
    [Symbol.asyncDispose]: kill,
  }
}

function configure(options: NatsNodeOptions, files: { store: string; pidFile: string }): object {
  const { name, ports } = options
  return {
    server_name: name,
    listen: `127.0.0.1:${ports.client}`,
    http: `127.0.0.1:${ports.monitor}`,
    pid_file: files.pidFile,
    // A frozen client or node is noticed within 15 s; the default of two minutes is made for wide networks.
    ping_interval: '5s',
    ping_max: 2,
    lame_duck_grace_period: '1s',
    lame_duck_duration: '30s',
    jetstream: {
      store_dir: files.store,
      ...(options.fileStoreBytesMax !== undefined && { max_file_store: options.fileStoreBytesMax }),
      ...(options.syncsAlways && { sync_interval: 'always' }),
    },
    cluster: {
      name: 'switchboard',
      listen: `127.0.0.1:${ports.cluster}`,
      // Clients hear of no address but the one that they were given.
      no_advertise: true,
      advertise: NOWHERE,
      routes: options.routes.map((address) => `nats-route://${address}`),
    },
  }
}

async function askMonitor(url: string): Promise<unknown> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS_MAX) })
    return await response.json()
  } catch {
    return undefined // dead, frozen or only starting
  }
}
