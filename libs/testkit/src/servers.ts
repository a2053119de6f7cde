import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSettings, table } from '@switchboard/runtime/settings'
import { type ContainerOptions, containersAnswer, startMongoContainer, startNatsContainer } from './containers.ts'
import { freePort } from './ports.ts'
import { waitForServer } from './servers-answer.ts'
import { type Embedded, goAnswers, type Report, startEmbedded } from './servers-embedded.ts'

export const TEST_SETTINGS = table({
  TEST_SERVERS: { type: 'string', default: 'auto', doc: 'Servers to test with: auto, containers or embedded.' },
  TEST_ALL_RINGS: {
    type: 'string',
    default: '',
    doc: 'Anything: tests of the chart, of the images, of traces and metrics fail where what they need is missing. Empty: they are left out.',
  },
  TEST_NATS_URL: { type: 'url', default: '', doc: 'A NATS that all test files share; `npm test` sets it.' },
  TEST_MONGO_URL: { type: 'url', default: '', doc: 'A MongoDB that all test files share; `npm test` sets it.' },
})

export type ServersKind = 'containers' | 'embedded'

export interface ServersOptions {
  /** For tests that need no database: its start is saved, and `mongoUrl` throws. */
  readonly natsOnly?: boolean
  /** A pair of one's own although a shared one runs: for tests that stop a server. */
  readonly own?: boolean
  /** For benches: no process between them and the servers; a server that was stopped may then have another address. */
  readonly isDirect?: boolean
  readonly kind?: ServersKind
  readonly report?: Report
}

/**
 * Real NATS (with JetStream) and MongoDB-wire servers. Within `npm test` they are shared by all test files, so every test uses a
 * namespace (`NATS_NAMESPACE`) and a database name of its own; `own: true` gives a pair that may be stopped.
 */
export interface Servers extends AsyncDisposable {
  readonly kind: ServersKind | 'shared'
  readonly natsUrl: string
  readonly mongoUrl: string
  /** Kills the server like a lost machine; what was stored stays. Throws where the pair is shared. */
  stopNats(): Promise<void>
  /** The same address and data as before `stopNats`. */
  startNats(): Promise<void>
  stopMongo(): Promise<void>
  startMongo(): Promise<void>
}

/** One server that can be killed and started again with the same address and data. */
export interface Server extends AsyncDisposable {
  readonly url: string
  kill(): Promise<void>
  start(): Promise<void>
  /** Stops all its work, its sockets stay. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

/** A MongoDB-wire server alone, of the kind that `TEST_SERVERS` means. */
export async function startMongo(report?: Report): Promise<Server> {
  const kind = await chooseServers(readSettings(TEST_SETTINGS).TEST_SERVERS, report)
  return kind === 'containers' ? containerServer('mongo') : embeddedServer('mongo', report)
}

export async function startServers(options: ServersOptions = {}): Promise<Servers> {
  const { TEST_NATS_URL: natsUrl, TEST_MONGO_URL: mongoUrl, TEST_SERVERS: wish } = readSettings(TEST_SETTINGS)
  if (natsUrl && mongoUrl && !options.own && !options.kind) return sharedServers(natsUrl, mongoUrl)
  const kind = options.kind ?? (await chooseServers(wish, options.report))
  const { isDirect = false, report } = options
  const make = (name: ServerName) =>
    kind === 'containers' ? containerServer(name, { isDirect }) : embeddedServer(name, report)
  const names: ServerName[] = options.natsOnly ? ['nats'] : ['nats', 'mongo']
  await using started = new AsyncDisposableStack()
  const results = await Promise.allSettled(names.map(make))
  const [nats, mongo] = results.map((result) => (result.status === 'fulfilled' ? started.use(result.value) : undefined))
  for (const result of results) if (result.status === 'rejected') throw result.reason
  if (!nats) throw new Error('NATS was not started')
  const all = started.move()
  const withMongo = () => {
    if (!mongo) throw new Error('these servers were started with natsOnly')
    return mongo
  }
  return {
    kind,
    natsUrl: nats.url,
    get mongoUrl() {
      return withMongo().url
    },
    stopNats: () => nats.kill(),
    startNats: () => nats.start(),
    stopMongo: () => withMongo().kill(),
    startMongo: () => withMongo().start(),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/**
 * Which servers `TEST_SERVERS` means: `containers` and `embedded` are taken at their word; `auto` means containers
 * where Docker answers and has the images or can pull them, else the embedded ones. Throws one sentence when there are none.
 */
export async function chooseServers(wish: string, report: Report = () => {}): Promise<ServersKind> {
  if (!['auto', 'containers', 'embedded'].includes(wish)) {
    throw new Error(`TEST_SERVERS is ${JSON.stringify(wish)}: give auto, containers or embedded`)
  }
  const noContainers = wish === 'embedded' ? 'not asked for' : await containersAnswer(report)
  if (noContainers === undefined) return 'containers'
  if (wish === 'containers') throw new Error(`TEST_SERVERS asks for containers, but ${noContainers}`)
  const noGo = await goAnswers()
  if (noGo === undefined) return 'embedded'
  throw new Error(`no servers to test with: ${noContainers}, and ${noGo}. Install Docker, or Go 1.26 or newer.`)
}

function sharedServers(natsUrl: string, mongoUrl: string): Servers {
  const refuse = async () => {
    throw new Error('this pair is shared with other tests: start your own with startServers({ own: true })')
  }
  return {
    kind: 'shared',
    natsUrl,
    mongoUrl,
    stopNats: refuse,
    startNats: refuse,
    stopMongo: refuse,
    startMongo: refuse,
    [Symbol.asyncDispose]: async () => {},
  }
}

type ServerName = 'nats' | 'mongo'

function containerServer(name: ServerName, options: ContainerOptions = {}): Promise<Server> {
  return name === 'nats' ? startNatsContainer(options) : startMongoContainer(options)
}

async function embeddedServer(name: ServerName, report?: Report): Promise<Server> {
  const address = `127.0.0.1:${await freePort()}`
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-test-'))
  const launch = () =>
    startEmbedded({ [name]: address, dataDir, disposable: true, ...(report && { report }) }) satisfies Promise<Embedded>
  let running = await launch().catch(async (error) => {
    await rm(dataDir, { recursive: true, force: true })
    throw error
  })
  const url = running[name] ?? ''
  return {
    url,
    kill: async () => {
      running.child.kill('SIGKILL')
      await running.child.exited
    },
    start: async () => {
      running = await launch()
      await waitForServer(url)
    },
    freeze: async () => running.child.kill('SIGSTOP'),
    thaw: async () => running.child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      running.child.kill('SIGCONT')
      await running.child.release()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
