import { type Bench, scaled } from './bench.ts'
import { costs, SOCKET_PROCESS } from './cost.ts'
import { Crowd, latencies, type Meter } from './crowd.ts'
import type { methods as WsMethods } from './limit/ws-relay.ts'
import { startWorker } from './load/worker.ts'
import { readMetrics, sumOf } from './measure/metrics.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { metering, processMeter } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { membersOf, names, startStage } from './stage.ts'

const WRITERS = 20
const TEXT_CHARS = 100
/** Of each load process: the room's own queue takes 4,096. */
const IN_FLIGHT_MAX = 1_000
/** A connection may send 500 a second for ever and 5,000 in one go: with those a segment stays below the refusals. */
const PER_SECOND_MAX = 500
const BURST = 4_500
/** So that what they may send together, 28,000 a second, is no limit of the room. */
const SECONDS_MAX = 5

/** One room in which everybody writes at once. */
export const hotRoom: Bench = {
  name: 'hot-room',
  about: 'one room, 20 writers as fast as it goes, all hear all; limit: a ws relay that keeps nothing',
  run: async ({ ground, pairs, scale, report, ...options }) => {
    const seconds = Math.min(options.seconds, SECONDS_MAX)
    await using stack = new AsyncDisposableStack()
    const stage = stack.use(await startStage(ground))
    const users = names('w', scaled(WRITERS, scale, 4))
    const ws = stack.use(startWorker<typeof WsMethods>('limit/ws-relay.ts'))
    const crowd = stack.use(new Crowd())
    const url = await ws.call('listen', undefined)
    const perSecond = users.length * (PER_SECOND_MAX + BURST / seconds)
    const firing = { seconds, perSecond, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
    const segment = async (group: string, meter: Meter): Promise<Sample> => {
      const { result, used } = await meter(() => crowd.work(group, firing))
      return {
        'events/s': result.sent / result.seconds,
        ...costs('event', { used, count: result.sent }),
        ...latencies('publish to ack', result.acks),
        ...latencies('send to receive', result.deliveries),
      }
    }
    // New connections and a new room each time: the allowance of the connections is full again, and rooms are of one age.
    const anew = async (dialect: 'switchboard' | 'ws', at: string, meter: Meter): Promise<Sample> => {
      const room = await stage.makeRoom(users)
      await crowd.open(dialect, { dialect, url: at, rooms: [membersOf(stage.token, room, users)] })
      const sample = await segment(dialect, meter)
      await crowd.close(dialect)
      return sample
    }
    const routerUrl = stage.system.process('router').operatorUrl
    const entries = async () => sumOf(await readMetrics(routerUrl), 'switchboard_router_entry_events_count')
    const subjects = {
      switchboard: async () => {
        const before = await entries()
        const sample = await anew('switchboard', stage.url, stage.metering)
        return { ...sample, 'entries written': (await entries()) - before }
      },
      'raw ws': () => anew('ws', url, (work) => metering([processMeter(SOCKET_PROCESS, () => ws.pid)], work)),
    }
    const samples = await alternate(subjects, { pairs, report: (line) => report(`hot-room: ${line}`) })
    return [tableOf(`hot-room: one room, ${users.length} writers, at most ${perSecond}/s offered`, samples, 'raw ws')]
  },
}
