import { type Bench, scaled } from './bench.ts'
import { costs } from './cost.ts'
import { Crowd, latencies } from './crowd.ts'
import type { methods as HistoryMethods } from './load/history-load.ts'
import type { methods as MongoMethods } from './load/mongo-load.ts'
import type { PagesDone } from './load/page-loop.ts'
import { startWorker } from './load/worker.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { type CpuMs, metering, processMeter } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { VoidRunError } from './measure/void-run.ts'
import { membersOf, names, startStage } from './stage.ts'

const ROOMS = 20
const MESSAGES = 500
const PAGE = 50
/** Pages that are asked for at the same time. */
const AT_ONCE = 16
const TEXT_CHARS = 100
const WRITE_PER_SECOND = 500
/** Of each load process, while the rooms are filled: a slow machine takes longer, and nothing times out. */
const IN_FLIGHT_MAX = 50

/** Older pages of rooms, through edge, storage and MongoDB. */
export const history: Bench = {
  name: 'history',
  about: 'pages of 50 events out of 20 rooms; limit: the same find on the driver of MongoDB',
  run: async ({ ground, pairs, seconds, scale, report }) => {
    await using stack = new AsyncDisposableStack()
    const stage = stack.use(await startStage(ground))
    const users = names('h', ROOMS)
    const rooms = await stage.makeRooms(users.map((user) => [user]))
    const messages = scaled(ROOMS * MESSAGES, scale, ROOMS * 2 * PAGE)
    const head = await write(messages)
    const [edge, mongo] = [
      stack.use(startWorker<typeof HistoryMethods>('load/history-load.ts')),
      stack.use(startWorker<typeof MongoMethods>('load/mongo-load.ts')),
    ]
    await mongo.call('connect', { url: stage.options.mongoUrl })
    const work = { rooms, head: Math.max(head, PAGE + 1), limit: PAGE, atOnce: AT_ONCE, seconds }
    const tokens = users.map(stage.token)
    const subjects = {
      switchboard: async () => {
        const read = () => edge.call('read', { ...work, url: stage.url, tokens })
        const { result, used } = await metering(stage.meters, read)
        return sampleOf(result, used)
      },
      'raw find': async () => {
        const meters = [ground.meters.mongo, processMeter('driver', () => mongo.pid)]
        const read = () => mongo.call('pages', { ...work, database: stage.options.database })
        const { result, used } = await metering(meters, read)
        return sampleOf(result, used)
      },
    }
    const samples = await alternate(subjects, { pairs, report: (line) => report(`history: ${line}`) })
    return [tableOf(`history: pages of ${PAGE}, ${AT_ONCE} at a time`, samples, 'raw find')]

    /** Fills the rooms through the front door. @returns the least seq that all rooms have. */
    async function write(count: number): Promise<number> {
      await using crowd = new Crowd()
      const members = rooms.map((room, r) => membersOf(stage.token, room, users.slice(r, r + 1)))
      await crowd.open('history', { dialect: 'switchboard', url: stage.url, rooms: members })
      const perSecond = WRITE_PER_SECOND
      const firing = { seconds: count / perSecond, perSecond, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
      const { result } = await stage.metering(() => crowd.work('history', firing))
      return Math.min(...Object.values(result.heads))
    }
  },
}

function sampleOf({ pages, seconds, times, faults }: PagesDone, used: CpuMs): Sample {
  if (faults.length > 0) throw new VoidRunError(faults.join('; '))
  return { 'pages/s': pages / seconds, ...costs('page', { used, count: pages }), ...latencies('page', times) }
}
