import { setTimeout as sleep } from 'node:timers/promises'
import { MAX } from '@switchboard/contracts/limits'
import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs } from './cost.ts'
import { quietBus, writeLog } from './load/log-writer.ts'
import type { methods } from './load/mongo-load.ts'
import { startWorker, type Worker } from './load/worker.ts'
import { readMetrics, sumOf } from './measure/metrics.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { metering, processMeter, readCpu, usedBetween } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { VoidRunError } from './measure/void-run.ts'
import { names, startStage } from './stage.ts'

const ROOMS = 200
/** For each second asked for: it should take about so long. */
const MESSAGES_PER_SECOND = 2_000
const ENTRY_EVENTS = 10
const TEXT_CHARS = 100
const CATCH_UP_MS_MAX = 300_000
const LOOK_MS = 25
const RAW = 'raw'

/** Storage behind a log that is far ahead of it. */
export const storage: Bench = {
  name: 'storage',
  about: 'the log of 200 rooms written to MongoDB; limit: insertMany of the same documents, in the same batches',
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const { pairs, report } = options
    const subjects = await storageSubjects(stack, options)
    const samples = await alternate(subjects, { pairs, report: (line) => report(`storage: ${line}`) })
    return [tableOf(`storage: ${ROOMS} rooms, ${ENTRY_EVENTS} events an entry`, samples, 'raw insertMany')]
  },
}

/** The limit inserts what storage has just written: so they take turns, storage first. */
export async function storageSubjects(stack: AsyncDisposableStack, options: BenchOptions) {
  const load = stack.use(startWorker<typeof methods>('load/mongo-load.ts'))
  await load.call('connect', { url: options.ground.servers.mongoUrl })
  return {
    switchboard: () => catchUp(options, load),
    'raw insertMany': () => insert(options, load),
  }
}

async function catchUp({ ground, seconds, scale }: BenchOptions, load: Worker<typeof methods>): Promise<Sample> {
  await using stage = await startStage(ground, { services: ['storage'] })
  const { natsUrl, namespace, database } = stage.options
  await using bus = await quietBus(natsUrl, namespace)
  const rooms = names('s', ROOMS)
  const messages = scaled((MESSAGES_PER_SECOND * seconds) / ROOMS, scale, ENTRY_EVENTS)
  const total = await writeLog(bus, { rooms, messages, entryEvents: ENTRY_EVENTS, textChars: TEXT_CHARS })
  const { operatorUrl } = stage.system.process('storage')
  const stored = async () => sumOf(await readMetrics(operatorUrl), 'switchboard_storage_events_total')
  // It has begun while the log was written. What counts is from here on, when the log is all there.
  const [begun, before, from] = [await stored(), await readCpu(stage.meters), performance.now()]
  const deadline = from + CATCH_UP_MS_MAX
  while ((await stored()) < total) {
    if (performance.now() > deadline) throw new VoidRunError(`${await stored()} of ${total} events were stored in time`)
    await sleep(LOOK_MS)
  }
  const took = (performance.now() - from) / 1_000
  const used = usedBetween(before, await readCpu(stage.meters))
  const { count, holes } = await load.call('copy', { database })
  if (count !== total || holes > 0) throw new VoidRunError(`${count} of ${total} events, holes in ${holes} rooms`)
  await load.call('drop', { database })
  const left = total - begun
  if (left < total / 2) throw new VoidRunError(`only ${left} of ${total} events were left when the log was written`)
  return { 'events/s': left / took, ...costs('event', { used, count: left }) }
}

/** The documents of the segment before. */
async function insert({ ground }: BenchOptions, load: Worker<typeof methods>): Promise<Sample> {
  const { database } = await ground.fresh()
  const name = `${database}_${RAW}`
  const meters = [ground.meters.mongo, processMeter('driver', () => load.pid)]
  const { result, used } = await metering(meters, () => load.call('insert', { database: name, batch: MAX.bulkEvents }))
  const { count } = await load.call('copy', { database: name })
  await load.call('drop', { database: name })
  return { 'events/s': count / result.seconds, ...costs('event', { used, count }) }
}
