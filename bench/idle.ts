import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, scaled } from './bench.ts'
import { Crowd } from './crowd.ts'
import type { methods as SocketIoMethods } from './limit/socketio-relay.ts'
import type { methods as WsMethods } from './limit/ws-relay.ts'
import type { DialectName, Member } from './load/dialect.ts'
import { startWorker } from './load/worker.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { metering, rssKibOf, sumCpu } from './measure/processes.ts'
import { type Table, tableOf } from './measure/table.ts'
import { names, type Stage, startStage } from './stage.ts'

const FEW = 2_000
const MANY = 10_000
const ROOM_MEMBERS = 100
const ROOMS_EACH = 3
/** After the last connection: what was needed only to connect is given back. */
const SETTLE_MS = 5_000
const QUIET_SECONDS = 20
/** A system that was started has nothing more to compile, and nothing to collect of its start. */
const AT_REST_SECONDS = 300
/**
 * What Node gives itself in a pod of the chart, which has 1 GiB, for every subject. @NOTE On a machine of 24 GiB it takes a heap
 * of four and collects so seldom that half of what is measured is garbage: more of the machine than of a connection.
 */
export const POD_HEAP = ['--max-old-space-size=512', '--max-semi-space-size=16']

/** What it costs that people are there and nobody says anything. */
export const idle: Bench = {
  name: 'idle',
  about: 'memory of one more connection between 2,000 and 10,000, and the CPU of a quiet system; limit: ws',
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const serviceEnv = { edge: { NODE_OPTIONS: POD_HEAP.join(' ') } }
    const stage = stack.use(await startStage(options.ground, { serviceEnv }))
    const quiet = await quietSystem(stage, options)
    const people = await inThreeRooms(stage, names('i', scaled(MANY, options.scale, 3 * ROOM_MEMBERS)))
    const few = Math.round((people.length * FEW) / MANY)
    const crowd = stack.use(new Crowd())
    const measure = async (dialect: DialectName, url: string, pid: () => number): Promise<Sample> => {
      const open = async (group: string, members: readonly Member[]) => {
        // Each is a room of one for the load: they sit in rooms, and nobody writes.
        await crowd.open(group, { dialect, url, rooms: members.map((member) => [member]) })
        await sleep(SETTLE_MS)
        return rssKibOf(pid())
      }
      const [before, after] = [await open('few', people.slice(0, few)), await open('many', people.slice(few))]
      await crowd.close('few')
      await crowd.close('many')
      return { 'KiB per connection': (after - before) / (people.length - few), 'MiB with all': after / 1_024 }
    }
    const subjects = {
      switchboard: async () => {
        const edge = stage.system.process('edge')
        // A new process each time: one that has held all of them before has the memory already.
        await edge.restart()
        return await measure('switchboard', stage.url, () => edge.pid)
      },
      'raw ws': async () => {
        // Awaited here: without it the relay is gone before the first connection.
        await using ws = startWorker<typeof WsMethods>('limit/ws-relay.ts', { execArgv: POD_HEAP })
        return await measure('ws', await ws.call('listen', undefined), () => ws.pid)
      },
      'socket.io': async () => {
        await using socketIo = startWorker<typeof SocketIoMethods>('limit/socketio-relay.ts', { execArgv: POD_HEAP })
        return await measure('socket.io', await socketIo.call('listen', undefined), () => socketIo.pid)
      },
    }
    const { pairs, report } = options
    const samples = await alternate(subjects, { pairs, warmUps: 0, report: (line) => report(`idle: ${line}`) })
    const title = `idle: each on their own channel and in three rooms, ${few} and ${people.length}`
    return [quiet, tableOf(title, samples, 'raw ws')]
  },
}

/** The four services with nobody there: five minutes after they were started, and before. */
async function quietSystem(
  stage: Stage,
  options: { pairs: number; scale: number; report: (line: string) => void },
): Promise<Table> {
  const seconds = Math.max(1, QUIET_SECONDS * Math.min(1, options.scale))
  const measure = async (meters: Stage['meters']): Promise<{ used: Record<string, number> }> => {
    const { used, seconds: took } = await metering(meters, () => sleep(seconds * 1_000))
    const percent = (ms: number) => ms / (took * 10)
    return { used: Object.fromEntries(Object.entries(used).map(([name, ms]) => [name, percent(ms)])) }
  }
  const servers = new Set(['nats', 'mongo'])
  const quiet = async (): Promise<Sample> => {
    const { used } = await measure(stage.meters)
    const services = Object.fromEntries(Object.entries(used).filter(([name]) => !servers.has(name)))
    const each = Object.entries(used).map(([name, value]) => [`% of a core, ${name}`, value])
    return { '% of a core, the four services': sumCpu(services), ...Object.fromEntries(each) }
  }
  const report = (line: string) => options.report(`idle: CPU, ${line}`)
  const rounds = { pairs: options.pairs, report, warmUps: 0 }
  const started = performance.now()
  const early = await alternate({ 'just started': quiet }, rounds)
  report(`${AT_REST_SECONDS} s of rest`)
  const restMs = AT_REST_SECONDS * 1_000 * Math.min(1, options.scale)
  await sleep(Math.max(0, restMs - (performance.now() - started)))
  const late = await alternate({ switchboard: quiet }, rounds)
  return tableOf('idle: CPU with nobody there', { ...late, ...early })
}

/** Everybody in three rooms of a hundred, each time with others. */
export async function inThreeRooms(stage: Stage, users: readonly string[]): Promise<Member[]> {
  const blocks = Math.ceil(users.length / ROOM_MEMBERS)
  const groupings = [
    (i: number) => Math.floor(i / ROOM_MEMBERS),
    (i: number) => i % blocks,
    (i: number) => (i + Math.floor(i / blocks)) % blocks,
  ]
  const rooms: string[][] = users.map(() => [])
  for (const blockOf of groupings.slice(0, ROOMS_EACH)) {
    const members = Array.from({ length: blocks }, (): string[] => [])
    for (const [i, user] of users.entries()) members[blockOf(i)]?.push(user)
    const ids = await stage.makeRooms(members)
    for (const i of users.keys()) rooms[i]?.push(`room:${ids[blockOf(i)]}`)
  }
  return users.map((user, i) => ({ token: stage.token(user), rooms: rooms[i] ?? [] }))
}
