import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs, socketCost } from './cost.ts'
import { Crowd, latencies } from './crowd.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { type Table, tableOf } from './measure/table.ts'
import { membersOf, names, type Stage, startStage } from './stage.ts'

const LISTENERS = 1_000
/** The last one is more than one core could deliver message by message. */
const RATES = [100, 400, 1_600]
/** A connection may send 500 a second for ever. */
const WRITERS = 4
const TEXT_CHARS = 100
/** Without an answer: past it the system is full, and what is held back is counted. */
const IN_FLIGHT_MAX = 1_000
const SUBJECTS = { '2 workers': '2', '1 worker': '1' } as const
type Subject = keyof typeof SUBJECTS

/** The same fan-out by an edge of one process and by one of two that share its port: what the second core brings, and costs. */
export const edgeWorkers: Bench = {
  name: 'edge-workers',
  about: 'one room of 1,000 at 100, 400 and 1,600 messages/s, by an edge with two workers; limit: the same with one',
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const crowd = stack.use(new Crowd())
    const users = names('u', scaled(LISTENERS, options.scale, 10))
    const stages = {
      '2 workers': await peopled('2 workers', { stack, crowd, users, options }),
      '1 worker': await peopled('1 worker', { stack, crowd, users, options }),
    }
    const tables: Table[] = []
    for (const rate of RATES) tables.push(await atRate({ rate, crowd, stages, options, listeners: users.length }))
    return tables
  },
}

interface Ready {
  readonly stack: AsyncDisposableStack
  readonly crowd: Crowd
  readonly users: readonly string[]
  readonly options: BenchOptions
}

/** A system of its own, everybody connected to its edge. */
async function peopled(subject: Subject, { stack, crowd, users, options }: Ready): Promise<Stage> {
  const serviceEnv = { edge: { EDGE_WORKERS: SUBJECTS[subject] } }
  const stage = stack.use(await startStage(options.ground, { serviceEnv }))
  const rooms = [membersOf(stage.token, await stage.makeRoom(users), users)]
  await crowd.open(subject, { dialect: 'switchboard', url: stage.url, rooms, timedOneIn: 20 })
  return stage
}

async function atRate(of: {
  rate: number
  crowd: Crowd
  stages: Readonly<Record<Subject, Stage>>
  options: BenchOptions
  listeners: number
}): Promise<Table> {
  const { rate, crowd, stages, options } = of
  const segment = (subject: Subject) => async (): Promise<Sample> => {
    const { seconds } = options
    const firing = { seconds, perSecond: rate, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS, writers: WRITERS }
    const { result, used } = await stages[subject].metering(() => crowd.work(subject, firing, { writingProcesses: 1 }))
    return {
      'deliveries/s': result.delivered / result.seconds,
      'held back %': (100 * result.heldBack) / (result.sent + result.heldBack),
      ...socketCost('delivery', { used, count: result.delivered }),
      ...costs('message', { used, count: result.sent }),
      ...latencies('sent to received', result.deliveries),
    }
  }
  const subjects = { '2 workers': segment('2 workers'), '1 worker': segment('1 worker') }
  const samples = await alternate(subjects, {
    pairs: options.pairs,
    report: (line) => options.report(`edge-workers at ${rate}/s: ${line}`),
  })
  return tableOf(`edge-workers: one room of ${of.listeners}, ${rate} messages/s`, samples, '1 worker')
}
