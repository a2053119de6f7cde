import { spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import {
  GenericContainer,
  getContainerRuntimeClient,
  ImageName,
  StartupCheckStrategy,
  type StartupStatus,
} from 'testcontainers'
import { MONGO_IMAGE, NATS_IMAGE, REAPER_IMAGE } from './containers-images.ts'
import { freePort } from './ports.ts'
import { waitForServer } from './servers-answer.ts'
import type { Report } from './servers-embedded.ts'

const PULL_SECONDS_MAX = 300
const READY_SECONDS_MAX = 60
const RESTART_SECONDS_MAX = 15
const LOG_LINES = 20
const SHARED_MEMORY_BYTES = 256 * 1024 * 1024

export interface ServerContainer extends AsyncDisposable {
  readonly url: string
  /** As if its machine lost power; its data stays. */
  kill(): Promise<void>
  /** After `kill`: the same server, port and data. */
  start(): Promise<void>
  /** Stops all its work, its sockets stay. */
  freeze(): Promise<void>
  thaw(): Promise<void>
}

export interface ContainerOptions {
  /**
   * By the container's own address where that can be reached, as on Linux; it may be another after a restart. What goes to a
   * published port of this machine is copied by a process of Docker, which costs what is measured beside it.
   */
  readonly isDirect?: boolean
}

export function startNatsContainer(options: ContainerOptions = {}): Promise<ServerContainer> {
  const container = new GenericContainer(NATS_IMAGE).withCommand(['-js'])
  return startContainer(container, { inside: 4222, urlOf: (at) => `nats://${at}`, ...options })
}

export function startMongoContainer(options: ContainerOptions = {}): Promise<ServerContainer> {
  const container = new GenericContainer(MONGO_IMAGE).withSharedMemorySize(SHARED_MEMORY_BYTES)
  const urlOf = (at: string) => `mongodb://${at}/?directConnection=true`
  return startContainer(container, { inside: 27017, urlOf, ...options })
}

/** Undefined when Docker answers and both images are here (pulled now, if need be), else why not. */
export async function containersAnswer(report: Report = () => {}): Promise<string | undefined> {
  try {
    await getContainerRuntimeClient()
  } catch {
    return 'no Docker daemon answers'
  }
  for (const image of [NATS_IMAGE, MONGO_IMAGE]) {
    const reason = await pullWhereMissing(image, report)
    if (reason) return `the Docker image ${image} is not here and cannot be pulled (${reason})`
  }
  if (process.env.TESTCONTAINERS_RYUK_DISABLED === undefined) {
    const reason = await pullWhereMissing(REAPER_IMAGE, report)
    if (reason) process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  }
  return undefined
}

async function pullWhereMissing(name: string, report: Report): Promise<string | undefined> {
  const client = await getContainerRuntimeClient()
  if (await client.image.exists(ImageName.fromString(name))) return undefined
  report(`pulling the Docker image ${name}…`)
  try {
    const stream = await client.container.dockerode.pull(name)
    const late = setTimeout(() => (stream as Readable).destroy(new Error('it took too long')), PULL_SECONDS_MAX * 1000)
    await new Promise<void>((resolve, reject) => {
      client.container.dockerode.modem.followProgress(stream, (error) => (error ? reject(error) : resolve()))
    }).finally(() => clearTimeout(late))
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

// The ports are bound at once and say nothing; what counts is that the server answers, and that is asked below.
class StartedIsEnough extends StartupCheckStrategy {
  override async checkStartupState(): Promise<StartupStatus> {
    return 'SUCCESS'
  }
}

interface Door extends ContainerOptions {
  readonly inside: number
  readonly urlOf: (address: string) => string
}

async function startContainer(image: GenericContainer, door: Door): Promise<ServerContainer> {
  const { inside, urlOf, isDirect = false } = door
  const port = await freePort()
  const started = await image
    .withExposedPorts({ container: inside, host: port })
    .withWaitStrategy(new StartedIsEnough())
    .start()
  reaper().write(`${started.getId()}\n`)
  const docker = (await getContainerRuntimeClient()).container.getById(started.getId())
  const own = started.getIpAddress('bridge')
  const url = urlOf(isDirect && process.platform === 'linux' && own ? `${own}:${inside}` : `127.0.0.1:${port}`)
  await waitForServer(url, READY_SECONDS_MAX)
  return {
    url,
    kill: async () => {
      await docker.kill()
    },
    start: async () => {
      await docker.start()
      await waitForServer(url, RESTART_SECONDS_MAX).catch(async () => {
        // A server that was killed may end once more at its own lock or half-written file; then its supervisor starts it again.
        const { State } = await docker.inspect()
        if (!State.Running) await docker.start()
        await waitForServer(url, READY_SECONDS_MAX).catch(async (error) => {
          const said = await docker.logs({ stdout: true, stderr: true, tail: LOG_LINES })
          throw new Error(`${error.message}; it said last:\n${said.toString()}`)
        })
      })
    },
    freeze: async () => {
      await docker.pause()
    },
    thaw: async () => {
      await docker.unpause()
    },
    [Symbol.asyncDispose]: async () => {
      await docker.remove({ force: true, v: true })
    },
  }
}

let reaperInput: Writable | undefined

function reaper(): Writable {
  if (reaperInput) return reaperInput
  const script = fileURLToPath(new URL('containers-reaper.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  child.unref()
  reaperInput = child.stdin
  ;(child.stdin as Writable & { unref(): void }).unref()
  return reaperInput
}
