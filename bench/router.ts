import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs } from './cost.ts'
import { latencies } from './crowd.ts'
import type { JetStreamDone, methods } from './load/jetstream-load.ts'
import { startWorker } from './load/worker.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { type CpuMs, metering } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { VoidRunError } from './measure/void-run.ts'
import { names, startStage } from './stage.ts'

const ROOMS = 200
const TEXT_CHARS = 100
/** Publishes without an answer: JetStream's rate does not grow past it. */
const WINDOW = 512

/** What a router does without. */
const OTHERS = ['edge', 'storage', 'notifier'] as const

/** The router without sockets: commands from NATS, answers to NATS. First with everything else running, then with nothing else. */
export const router: Bench = {
  name: 'router',
  about:
    'commands of 200 rooms as fast as it goes, beside all services and alone; limit: the same bytes published to JetStream, pipelined',
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const { pairs, report } = options
    const { rooms, subjects, alone } = await routerSubjects(stack, options)
    const samples = await alternate(subjects, { pairs, report: (line) => report(`router: ${line}`) })
    const lone = await alternate(
      { switchboard: alone, 'raw JetStream': subjects['raw JetStream'] },
      { pairs, report: (line) => report(`router alone: ${line}`) },
    )
    const size = `${rooms} rooms, ${WINDOW} in flight`
    return [
      tableOf(`router: ${size}`, samples, 'raw JetStream'),
      tableOf(`router alone, the other services stopped: ${size}`, lone, 'raw JetStream'),
    ]
  },
}

export async function routerSubjects(stack: AsyncDisposableStack, { ground, seconds, scale }: BenchOptions) {
  const stage = stack.use(await startStage(ground))
  const authors = names('a', scaled(ROOMS, scale, 4))
  const rooms = await stage.makeRooms(authors.map((author) => [author]))
  const load = stack.use(startWorker<typeof methods>('load/jetstream-load.ts'))
  const { natsUrl: url, namespace } = stage.options
  await load.call('connect', { url, namespace })
  const work = { seconds, window: WINDOW, textChars: TEXT_CHARS, rooms, authors }
  const subjects = {
    switchboard: async () => {
      const { result, used } = await stage.metering(() => load.call('command', work))
      return sampleOf(result, used)
    },
    'raw JetStream': async () => {
      const { result, used } = await metering([ground.meters.nats], () => load.call('publishRaw', work))
      return sampleOf(result, used)
    },
  }
  // Stopped as by a debugger: they go on, and catch up, before the next segment begins.
  const alone = async () => {
    const others = OTHERS.map((service) => stage.system.process(service))
    const { result } = await stage.metering(async () => {
      for (const other of others) other.kill('SIGSTOP')
      try {
        const own = await metering([stage.meter('router'), ground.meters.nats], () => load.call('command', work))
        return { ...own, events: own.result.events }
      } finally {
        for (const other of others) other.kill('SIGCONT')
      }
    })
    return sampleOf(result.result, result.used)
  }
  return { rooms: rooms.length, subjects, alone }
}

function sampleOf({ acked, seqs, faults, acks, ...done }: JetStreamDone, used: CpuMs): Sample {
  if (faults.length > 0) throw new VoidRunError(faults.join('; '))
  if (seqs !== acked) throw new VoidRunError(`${acked} were acknowledged with ${seqs} different seqs`)
  return {
    'acknowledged/s': acked / done.seconds,
    ...costs('message', { used, count: acked }),
    ...latencies('publish to ack', acks),
  }
}
