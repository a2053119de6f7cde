import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs, socketCost } from './cost.ts'
import { latencies } from './crowd.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { type Table, tableOf } from './measure/table.ts'
import { type SideBySide, sideBySide } from './side-by-side.ts'
import { membersOf, names, startStage } from './stage.ts'

const LISTENERS = 1_000
const RATES = [20, 100, 200]
const TEXT_CHARS = 100

/** One room, many who listen: what a delivery costs the process that holds the sockets, and all of them. */
export const fanOut: Bench = {
  name: 'fan-out',
  about: 'one room of 1,000 at 20, 100 and 200 messages/s; limit: a ws broadcast loop; beside it Socket.IO',
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const listeners = scaled(LISTENERS, options.scale, 10)
    const beside = await oneRoom(stack, options, listeners)
    const tables: Table[] = []
    for (const rate of RATES) {
      const samples = await alternate(fanOutSubjects(beside, { rate, seconds: options.seconds }), {
        pairs: options.pairs,
        report: (line) => options.report(`fan-out at ${rate}/s: ${line}`),
      })
      tables.push(tableOf(`fan-out: one room of ${listeners}, ${rate} messages/s`, samples, 'raw ws'))
    }
    return tables
  },
}

/** So many in one room, connected to us and to the relays. */
export async function oneRoom(
  stack: AsyncDisposableStack,
  { ground }: BenchOptions,
  listeners: number,
): Promise<SideBySide> {
  const users = names('u', listeners)
  const stage = stack.use(await startStage(ground))
  const room = await stage.makeRoom(users)
  return sideBySide(stack, { stage, rooms: [membersOf(stage.token, room, users)], timedOneIn: 20 })
}

export const fanOutSubjects = (beside: SideBySide, { rate, seconds }: { rate: number; seconds: number }) =>
  beside.subjects(async (dialect): Promise<Sample> => {
    const firing = { seconds, perSecond: rate, inFlightMax: 1_000, textChars: TEXT_CHARS, writers: 1 }
    const { result, used } = await beside.meter[dialect](() =>
      beside.crowd.work(dialect, firing, { writingProcesses: 1 }),
    )
    return {
      ...socketCost('delivery', { used, count: result.delivered }),
      ...costs('message', { used, count: result.sent }),
      ...latencies('sent to received', result.deliveries),
    }
  })
