import { type Bus, connectBus } from '@switchboard/bus/connect'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { holdPartitions } from '@switchboard/bus/partitions'
import { ensureStreams } from '@switchboard/bus/streams'
import type { Context } from '@switchboard/runtime/context'
import { BatchWriter, type WriterLimits } from './batch-writer.ts'
import { systemClock } from './clock.ts'
import { STOP_FLUSH_MS_MAX, type settings } from './config.ts'
import { createEvents, type Events } from './events.ts'
import { fromLog } from './from-log.ts'
import { fromMarks } from './from-marks.ts'
import { fromQueries } from './from-queries.ts'
import { connectMongo, type Mongo } from './mongo-connect.ts'
import { isMongoError, PoisonError } from './mongo-errors.ts'
import { type Abilities, ensureIndexes, LEAST } from './mongo-indexes.ts'
import { positionReader } from './mongo-positions.ts'
import { type Poison, toDead } from './to-dead.ts'
import { toMongo } from './to-mongo.ts'

export type StorageContext = Context<typeof settings>

/** What tests put in the place of what is built here. */
export interface Overrides {
  readonly bus?: Bus
  readonly limits?: WriterLimits
}

interface Parts {
  readonly bus: Bus
  readonly mongo: Mongo
  readonly writer: BatchWriter
  readonly bury: (poison: Poison) => Promise<void>
  readonly events: Events
}

/**
 * Log and marks into MongoDB, and answers out of it. Returns before MongoDB is there: readiness says when it works. Disposing stops
 * reading, saves what was read and then stops answering.
 */
export async function startStorage(context: StorageContext, overrides: Overrides = {}): Promise<AsyncDisposable> {
  const { settings, health } = context
  const events = createEvents(context)
  health.ready('mongo', false)
  health.ready('log', false)
  await using stack = new AsyncDisposableStack()
  const bus = overrides.bus ?? stack.use(await connect(context))
  const mongo = stack.use(connectMongo(settings.MONGO_URL, settings.MONGO_DATABASE))
  const bury = toDead({ bus, events })
  let abilities = LEAST
  const write = toMongo({ mongo, events, abilities: () => abilities, tracing: context.tracing })
  const writer = stack.use(createWriter({ write, events, bury }, overrides.limits))

  const abort = new AbortController()
  const running = new AsyncDisposableStack()
  const parts = { bus, mongo, writer, bury, events }
  const started = prepare(parts, abort.signal).then(async (found) => {
    abilities = found ?? LEAST
    if (found) await serve(context, { ...parts, abilities: found }, running)
  })
  const settled = started.catch(context.crash)
  stack.defer(async () => {
    abort.abort()
    await settled
    await running.disposeAsync()
  })
  return stack.move()
}

const connect = ({ settings, log, tracing }: StorageContext): Promise<Bus> =>
  connectBus({
    url: settings.NATS_URL,
    namespace: settings.NATS_NAMESPACE,
    replicas: settings.NATS_REPLICAS,
    service: 'storage',
    log,
    tracing,
  })

const createWriter = (
  { write, events, bury }: Pick<Parts, 'events' | 'bury'> & { write: ReturnType<typeof toMongo> },
  limits: WriterLimits | undefined,
): BatchWriter =>
  new BatchWriter({
    write,
    clock: systemClock,
    isPoison: (error) => error instanceof PoisonError,
    bury: ({ origin, raw }, reason) =>
      bury({ origin, subject: raw?.subject ?? '', data: raw?.data ?? new Uint8Array(), reason }),
    failed: events.storeFailed,
    waiting: events.waiting,
    ...(limits && { limits }),
  })

/** Works until `running` is disposed: reading ends first, then what was read is saved, and answers are given to the end. */
async function serve(
  { settings, health, id, crash }: StorageContext,
  parts: Parts & { abilities: Abilities },
  running: AsyncDisposableStack,
): Promise<void> {
  const { bus, mongo, writer, events, abilities } = parts
  health.ready('mongo', true)
  const sources = { bus, collections: mongo.collections, nowMs: systemClock.nowMs }
  running.use(fromQueries({ sources, events, abilities, costLog2: settings.SCRYPT_COST_LOG2 }))
  running.defer(() => writer.finish(STOP_FLUSH_MS_MAX))
  const reader = { ...parts, positionOf: positionReader(mongo.collections), clock: systemClock, crash }
  const readers = [fromLog({ bus, reader }), fromMarks({ bus, reader })]
  const gained = (partition: number) => {
    events.tookOver(partition)
    return together(readers.map((read) => read(partition)))
  }
  running.use(await holdPartitions(bus, { group: 'storage', id, gained, changed: events.partitions, crash }))
  health.ready('log', true)
}

/** Streams and indexes, tried until they are there. @returns undefined when the process stops before. */
async function prepare({ bus, mongo, events }: Parts, signal: AbortSignal): Promise<Abilities | undefined> {
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    try {
      await ensureStreams(bus)
      await mongo.connect()
      const abilities = await ensureIndexes(mongo.db, events.indexRefused)
      events.prepared(abilities)
      return abilities
    } catch (error) {
      if (!isInfrastructure(error) && !isMongoError(error)) throw error
      events.notPrepared(error)
      await systemClock.beforeRetry(attempt, signal)
    }
  }
  return undefined
}

const together = (parts: readonly AsyncDisposable[]): AsyncDisposable => ({
  [Symbol.asyncDispose]: async () => {
    await Promise.all(parts.map((part) => part[Symbol.asyncDispose]()))
  },
})
