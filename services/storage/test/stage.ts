import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { askStorage } from '@switchboard/bus/ask'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { ensureStreams } from '@switchboard/bus/streams'
import type { StorageQueries } from '@switchboard/contracts/queries'
import { createContext } from '@switchboard/runtime/context'
import { pause } from '@switchboard/runtime/deadline'
import { readSettings, table } from '@switchboard/runtime/settings'
import { type Servers, type ServersOptions, startServers } from '@switchboard/testkit/servers'
import pino from 'pino'
import { type Overrides, startStorage } from '../src/app.ts'
import { settings } from '../src/config.ts'
import { type Collections, connectMongo, type Mongo } from '../src/mongo-connect.ts'
import { RoomLog, UserLog } from './log-writer.ts'

const TEST_LOG = table({
  TEST_LOG_SHOWN: { type: 'boolean', default: false, doc: 'Whether the log of the service under test is printed.' },
})
/** Long, as the machine may be busy with other tests; nothing waits longer than it must. */
const DEADLINE_MS = 60_000

/** One storage pod. `crashed` holds what it called a bug. */
export interface Pod extends AsyncDisposable {
  readonly crashed: unknown[]
}

/** Real servers, an installation of its own on them, and as many storage pods as a test wants. */
export class Stage implements AsyncDisposable {
  readonly servers: Servers
  readonly bus: Bus
  readonly mongo: Mongo
  /** What the pods logged, from `info` on. */
  readonly logged: string[] = []
  readonly #namespace: string
  readonly #stack: AsyncDisposableStack

  constructor(parts: { servers: Servers; bus: Bus; mongo: Mongo; namespace: string; stack: AsyncDisposableStack }) {
    this.servers = parts.servers
    this.bus = parts.bus
    this.mongo = parts.mongo
    this.#namespace = parts.namespace
    this.#stack = parts.stack
  }

  get collections(): Collections {
    return this.mongo.collections
  }

  room(id: string): RoomLog {
    return new RoomLog(this.bus, id)
  }

  user(id: string): UserLog {
    return new UserLog(this.bus, id)
  }

  #keep(line: string): void {
    this.logged.push(line)
    if (readSettings(TEST_LOG).TEST_LOG_SHOWN) process.stderr.write(line)
  }

  /** A pod that works. */
  async start(overrides: Overrides = {}, env: Readonly<Record<string, string>> = {}): Promise<Pod> {
    const crashed: unknown[] = []
    const context = createContext('storage', settings, {
      env: {
        NATS_URL: this.servers.natsUrl,
        NATS_NAMESPACE: this.#namespace,
        MONGO_URL: this.servers.mongoUrl,
        MONGO_DATABASE: this.#namespace,
        SCRYPT_COST_LOG2: '10',
        ...env,
      },
      log: pino({ level: 'info' }, { write: (line) => this.#keep(line) }),
      crash: (error) => crashed.push(error),
    })
    const storage = await startStorage(context, overrides)
    const pod: Pod = {
      crashed,
      [Symbol.asyncDispose]: async () => {
        await storage[Symbol.asyncDispose]()
        context.meters[Symbol.dispose]()
        assert.deepEqual(crashed, [])
      },
    }
    await until(() => context.health.isReady, 'the pod is ready').catch(async (error) => {
      await pod[Symbol.asyncDispose]()
      throw error
    })
    return pod
  }

  ask<Name extends keyof StorageQueries>(name: Name, question: StorageQueries[Name]['ask']) {
    return askStorage(this.bus, name, question)
  }

  /** The answer, which must not be a refusal. */
  async answer<Name extends keyof StorageQueries>(
    name: Name,
    question: StorageQueries[Name]['ask'],
  ): Promise<StorageQueries[Name]['answer']> {
    const answer = await this.ask(name, question)
    assert(!('code' in answer && 'message' in answer), `${name} was refused: ${JSON.stringify(answer)}`)
    return answer as StorageQueries[Name]['answer']
  }

  /** Waits until MongoDB has a room up to this event. */
  async saved(room: string, head: number): Promise<void> {
    await until(
      async () => (await this.collections.rooms.findOne({ _id: room }))?.head === head,
      `${room} is stored up to ${head}`,
    )
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync()
  }
}

export async function openStage(options: ServersOptions = {}): Promise<Stage> {
  await using stack = new AsyncDisposableStack()
  const servers = stack.use(await startServers(options))
  const namespace = `st${randomUUID().slice(0, 8)}`
  const log = pino({ level: 'silent' })
  const bus = stack.use(await connectBus({ url: servers.natsUrl, namespace, service: 'test', replicas: 1, log }))
  await ensureStreams(bus)
  const mongo = stack.use(connectMongo(servers.mongoUrl, namespace))
  await mongo.connect()
  stack.defer(async () => {
    // A shared server is not to be filled up by us; one that a test has stopped is none of our concern.
    if (servers.kind === 'shared') await mongo.db.dropDatabase()
  })
  return new Stage({ servers, bus, mongo, namespace, stack: stack.move() })
}

/** Waits until the condition holds; an error counts as "not yet". @throws when it does not hold in time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  ms = DEADLINE_MS,
): Promise<void> {
  const deadline = Date.now() + ms
  let last: unknown
  while (Date.now() < deadline) {
    try {
      if (await condition()) return
    } catch (error) {
      last = error
    }
    await pause(20)
  }
  throw new Error(`not in ${ms} ms: ${what}${last === undefined ? '' : ` (${String(last)})`}`)
}

/** A pod that answers, and saves nothing before it stops. */
export const HELD = { limits: { bulkEvents: 1e9, bulkMs: 1e9, queueEvents: 1e9, queueBytes: 1e9 } }
