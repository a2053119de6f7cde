import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs } from './cost.ts'
import { latencies } from './crowd.ts'
import type { DialectName } from './load/dialect.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { type Table, tableOf } from './measure/table.ts'
import { type SideBySide, sideBySide } from './side-by-side.ts'
import { membersOf, names, startStage } from './stage.ts'

const ROOMS = 200
const PEOPLE = 5
const TEXT_CHARS = 100
/** Of each load process, unanswered: past it the system is full, and what is held back is counted. */
const IN_FLIGHT_MAX = 1_000

/** Many small rooms, everybody writes in turn and waits for the acknowledgement. */
export const manyRooms: Bench = {
  name: 'many-rooms',
  about: '200 rooms of five, 300 and 1,000 messages/s; limit: a ws relay that keeps nothing; beside it Socket.IO',
  run: (options) => atRates(options, [300, 1_000]),
}

/** The same at a rate that may be more than the machine has cores for: then it is void, and the others are not. */
export const manyRoomsBusy: Bench = {
  name: 'many-rooms-busy',
  about: '200 rooms of five, 3,000 messages/s; limit: a ws relay that keeps nothing; beside it Socket.IO',
  run: (options) => atRates(options, [3_000]),
}

async function atRates(options: BenchOptions, rates: readonly number[]): Promise<Table[]> {
  await using stack = new AsyncDisposableStack()
  const stage = stack.use(await startStage(options.ground))
  const people = names('r', scaled(ROOMS, options.scale, 4)).map((room) => names(`${room}-`, PEOPLE))
  const ids = await stage.makeRooms(people)
  const rooms = ids.map((id, r) => membersOf(stage.token, id, people[r] ?? []))
  const beside = await sideBySide(stack, { stage, rooms })
  const tables: Table[] = []
  for (const rate of rates) tables.push(await atRate({ rate, beside, options, rooms: rooms.length }))
  return tables
}

async function atRate(of: { rate: number; beside: SideBySide; options: BenchOptions; rooms: number }): Promise<Table> {
  const { beside, options } = of
  const rate = scaled(of.rate, options.scale, 10)
  const segment = async (dialect: DialectName): Promise<Sample> => {
    const firing = { seconds: options.seconds, perSecond: rate, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
    const { result, used } = await beside.meter[dialect](() => beside.crowd.work(dialect, firing))
    return {
      'acknowledged messages/s': result.sent / result.seconds,
      'held back %': (100 * result.heldBack) / (result.sent + result.heldBack),
      ...costs('message', { used, count: result.sent }),
      ...latencies('publish to ack', result.acks),
      ...latencies('send to receive', result.deliveries),
    }
  }
  const samples = await alternate(beside.subjects(segment), {
    pairs: options.pairs,
    report: (line) => options.report(`many-rooms at ${rate}/s: ${line}`),
  })
  return tableOf(`many-rooms: ${of.rooms} rooms of ${PEOPLE}, ${rate} messages/s`, samples, 'raw ws')
}
