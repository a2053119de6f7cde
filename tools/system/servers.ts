import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Child, type OnLine, startChild } from '@switchboard/testkit/child'
import { MONGO_IMAGE, NATS_IMAGE } from '@switchboard/testkit/containers-images'
import { freePort } from '@switchboard/testkit/ports'
import { waitForServer, withoutPassword } from '@switchboard/testkit/servers-answer'
import { goAnswers, startEmbedded } from '@switchboard/testkit/servers-embedded'
import { findProgram, runCommand } from './command.ts'
import { type DockerServer, dockerAnswers, ensureContainer, imageReady, portOf } from './docker.ts'
import { SetupError } from './setup-error.ts'

const GUARD = fileURLToPath(new URL('guard.ts', import.meta.url))
const READY_SECONDS_MAX = 60
const GIVEN_URL_SECONDS_MAX = 10

export type ServerName = 'nats' | 'mongo'
type Way = 'program' | 'docker' | 'go'

export interface ServerOptions {
  /** What the person gave; empty to have one started. */
  readonly url: string
  readonly dataDir: string
  readonly report: (line: string) => void
  readonly onLine: OnLine
}

export interface StartedServer {
  readonly url: string
  /** What was chosen and why, for one line on the terminal. */
  readonly choice: string
  /** Absent where the server is not ours. */
  readonly child?: Child
}

interface Kind {
  readonly title: string
  readonly setting: string
  readonly program: string
  readonly oldestProgram: readonly [major: number, minor: number]
  readonly programArgs: (port: number, directory: string) => readonly string[]
  readonly urlOf: (port: number) => string
  readonly docker: DockerServer
}

const KINDS: Readonly<Record<ServerName, Kind>> = {
  nats: {
    title: 'NATS',
    setting: 'NATS_URL',
    program: 'nats-server',
    oldestProgram: [2, 14],
    programArgs: (port, directory) => ['-a', '127.0.0.1', '-p', String(port), '-js', '-sd', directory],
    urlOf: (port) => `nats://127.0.0.1:${port}`,
    docker: { name: 'nats', image: NATS_IMAGE, args: ['-js', '-sd', '/data'], port: 4222, volume: '/data' },
  },
  mongo: {
    title: 'MongoDB',
    setting: 'MONGO_URL',
    program: 'mongod',
    oldestProgram: [6, 0],
    programArgs: (port, directory) => [
      '--bind_ip',
      '127.0.0.1',
      '--port',
      String(port),
      '--dbpath',
      directory,
      '--quiet',
    ],
    urlOf: (port) => `mongodb://127.0.0.1:${port}/?directConnection=true`,
    docker: { name: 'mongo', image: MONGO_IMAGE, args: [], port: 27017, volume: '/data/db' },
  },
}

/**
 * Brings up NATS or MongoDB: the given URL, a program on PATH, a Docker image, the embedded Go program, in this order. The way
 * taken is remembered in the data directory, because the data of one cannot be read by another.
 * @throws SetupError with all the reasons when none is possible.
 */
export async function startServer(name: ServerName, options: ServerOptions): Promise<StartedServer> {
  const kind = KINDS[name]
  if (options.url !== '') return givenServer(kind, options.url)
  const memory = join(options.dataDir, `${name}-runs-as`)
  const remembered = existsSync(memory) ? (readFileSync(memory, 'utf8').trim() as Way) : undefined
  const reasons: string[] = []
  for (const way of ['program', 'docker', 'go'] as const) {
    if (remembered && way !== remembered) continue
    const reason = await WAYS[way].missing(kind, options)
    if (reason) {
      reasons.push(reason)
      continue
    }
    const started = await WAYS[way].start(kind, options)
    writeFileSync(memory, `${way}\n`)
    const why = remembered ? ['as in the last run'] : reasons
    return { ...started, choice: `${kind.title}: ${WAYS[way].title(kind)}${why.length ? ` (${why.join('; ')})` : ''}` }
  }
  if (remembered) {
    throw new SetupError(
      `the ${kind.title} data in ${options.dataDir} was made with ${WAYS[remembered].title(kind)}, but ${reasons[0]}: ` +
        'bring that back, or choose another DATA_DIR',
    )
  }
  throw new SetupError(
    `there is no ${kind.title}: ${reasons.join('; ')}. Install Docker or Go 1.26, or set ${kind.setting}`,
  )
}

async function givenServer(kind: Kind, url: string): Promise<StartedServer> {
  await waitForServer(url, GIVEN_URL_SECONDS_MAX).catch((error: Error) => {
    throw new SetupError(`${kind.setting}: ${error.message}`)
  })
  return { url, choice: `${kind.title}: ${withoutPassword(url)} (given by ${kind.setting})` }
}

interface WayToRun {
  title(kind: Kind): string
  /** Undefined when this way is open, else why not. */
  missing(kind: Kind, options: ServerOptions): Promise<string | undefined>
  start(kind: Kind, options: ServerOptions): Promise<{ url: string; child: Child }>
}

const WAYS: Readonly<Record<Way, WayToRun>> = {
  program: {
    title: (kind) => `${kind.program} from PATH`,
    missing: async (kind) => {
      const program = findProgram(kind.program)
      if (!program) return `no ${kind.program} on PATH`
      const { lines } = await runCommand([program, '--version'], { secondsMax: 10 })
      const [, major = 0, minor = 0] = /v(\d+)\.(\d+)\./.exec(lines.join('\n'))?.map(Number) ?? []
      const [oldestMajor, oldestMinor] = kind.oldestProgram
      const isNew = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
      return isNew ? undefined : `${program} is older than ${oldestMajor}.${oldestMinor}`
    },
    start: async (kind, { dataDir, onLine }) => {
      const port = await freePort()
      const directory = join(dataDir, kind.program)
      mkdirSync(directory, { recursive: true })
      const args = [findProgram(kind.program) ?? kind.program, ...kind.programArgs(port, directory)]
      const child = await startChild({ name: kind.title, command: process.execPath, args: [GUARD, ...args], onLine })
      return untilItAnswers(kind, child, kind.urlOf(port))
    },
  },
  docker: {
    title: (kind) => `Docker image ${kind.docker.image}`,
    missing: async (kind, { report }) => (await dockerAnswers()) ?? (await imageReady(kind.docker.image, report)),
    start: async (kind, { dataDir, onLine }) => {
      const container = await ensureContainer(kind.docker, dataDir)
      const args = [GUARD, 'docker', 'start', '--attach', container]
      const child = await startChild({ name: kind.title, command: process.execPath, args, onLine, stopSecondsMax: 25 })
      return untilItAnswers(kind, child, () =>
        portOf(container, kind.docker.port).then((port) => port && kind.urlOf(port)),
      )
    },
  },
  go: {
    title: () => 'the embedded Go program',
    missing: async () => goAnswers(),
    start: async (kind, { dataDir, report, onLine }) => {
      const name = kind.docker.name
      const { child, ...urls } = await startEmbedded({ [name]: '127.0.0.1:0', dataDir, report, onLine })
      return { url: urls[name] ?? '', child }
    },
  },
}

type UrlOf = string | (() => Promise<string | 0 | undefined>)

async function untilItAnswers(kind: Kind, child: Child, url: UrlOf): Promise<{ url: string; child: Child }> {
  const ended = child.exited.then(() => {
    throw new SetupError(`${kind.title} did not start: ${child.tail().slice(-3).join(' ')}`)
  })
  const answers = async () => {
    const deadline = Date.now() + READY_SECONDS_MAX * 1000
    for (;;) {
      const found = typeof url === 'string' ? url : await url()
      if (found) {
        await waitForServer(found, READY_SECONDS_MAX)
        return found
      }
      if (Date.now() > deadline || !child.running)
        throw new SetupError(`${kind.title} has no port after ${READY_SECONDS_MAX} s`)
    }
  }
  try {
    return { url: await Promise.race([answers(), ended]), child }
  } catch (error) {
    await child.stop()
    throw error
  }
}
