import { setTimeout as sleep } from 'node:timers/promises'
import { MAX } from '@switchboard/contracts/limits'
import { chunks } from '@switchboard/runtime/chunks'
import { type Bench, scaled } from './bench.ts'
import { Crowd } from './crowd.ts'
import { inThreeRooms, POD_HEAP } from './idle.ts'
import type { Member } from './load/dialect.ts'
import type { Sample } from './measure/pairs.ts'
import { familyMeter } from './measure/process-family.ts'
import { metering, rssKibOf, sumCpu } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { names, startStage } from './stage.ts'

const MANY = 100_000
/** Connected before the first look at the memory, as a share of all. */
const FEW_SHARE = 0.1
/** Their three rooms are made among them: a router remembers the people of all three meanwhile, and does not load them anew. */
const TOGETHER = MAX.lanes / 2
const SETTLE_MS = 10_000
/** Of the files that a process may have open: for all that is no connection. */
const OTHER_FILES = 1_000
/** Two rounds of pings, at one in 25 seconds for each connection. */
const QUIET_SECONDS = 50

/** A hundred thousand who are there and say nothing, on as many edges as that takes: once, by hand, as it lasts a while. */
export const idleMany: Bench = {
  name: 'idle-many',
  about: '100,000 idle connections, each on its own channel and in three rooms, at several edges of one machine',
  isByHand: true,
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const { report } = options
    const serviceEnv = { edge: { NODE_OPTIONS: POD_HEAP.join(' ') } }
    const stage = stack.use(await startStage(options.ground, { serviceEnv }))
    const count = scaled(MANY, options.scale, 1_000)
    const edges = [{ url: stage.url, process: stage.system.process('edge') }]
    const most = Math.min(MAX.connections, filesMax() - OTHER_FILES)
    while (edges.length * most < count) edges.push(await stage.system.add('edge'))
    const people: Member[] = []
    for (const users of chunks(names('i', count), TOGETHER)) {
      report(`idle-many: making rooms for ${users.length} people, after ${people.length} others`)
      people.push(...(await inThreeRooms(stage, users)))
    }
    const crowd = stack.use(new Crowd(edges.length))
    const each = Math.ceil(count / edges.length)
    const few = Math.round(each * FEW_SHARE)
    const open = async (group: string, ofEdge: (all: readonly Member[]) => readonly Member[]) => {
      for (const [e, { url }] of edges.entries()) {
        const rooms = ofEdge(people.slice(e * each, (e + 1) * each)).map((member) => [member])
        report(`idle-many: ${rooms.length} connect to edge ${e + 1} of ${edges.length}`)
        await crowd.open(`${group}${e}`, { dialect: 'switchboard', url, rooms })
      }
      await sleep(SETTLE_MS)
      const kib = await Promise.all(edges.map(({ process }) => rssKibOf(process.pid)))
      return kib.reduce((sum, one) => sum + one, 0)
    }
    const before = await open('few', (all) => all.slice(0, few))
    const from = performance.now()
    const after = await open('many', (all) => all.slice(few))
    const connectedIn = (performance.now() - from - SETTLE_MS) / 1_000
    const meters = [
      ...stage.meters.filter(({ name }) => name !== 'edge'),
      ...edges.map(({ process }, e) => familyMeter(`edge ${e + 1}`, () => process.pid)),
    ]
    const quiet = await metering(meters, () => sleep(QUIET_SECONDS * 1_000))
    const added = count - few * edges.length
    // Each connection answers a ping in this time; one that was lost would have ended the load.
    for (const group of ['few', 'many']) for (const e of edges.keys()) await crowd.hear(`${group}${e}`, {}, 0)
    const percent = (ms: number) => ms / (quiet.seconds * 10)
    const ofEdges = Object.fromEntries(Object.entries(quiet.used).filter(([name]) => name.startsWith('edge')))
    const sample: Sample = {
      connections: count,
      edges: edges.length,
      'KiB per connection': (after - before) / added,
      'MiB of all edges': after / 1_024,
      'connections made a second': added / connectedIn,
      '% of a core, all edges': percent(sumCpu(ofEdges)),
      '% of a core, all processes': percent(sumCpu(quiet.used)),
    }
    const samples = Object.fromEntries(Object.entries(sample).map(([figure, value]) => [figure, [value]]))
    return [tableOf(`idle-many: ${count} on their own channel and in three rooms`, { switchboard: samples })]
  },
}

/** How many files, and so connections, this process and those it starts may have open. */
function filesMax(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: number | string } } }
  const soft = Number(userLimits?.open_files?.soft)
  return Number.isNaN(soft) ? Number.POSITIVE_INFINITY : soft
}
