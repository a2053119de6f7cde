import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs, SOCKET_PROCESS } from './cost.ts'
import { Crowd } from './crowd.ts'
import type { methods as WsMethods } from './limit/ws-relay.ts'
import type { Member } from './load/dialect.ts'
import { startWorker } from './load/worker.ts'
import { type MetricSample, readMetrics, sumOf } from './measure/metrics.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { familyOf } from './measure/process-family.ts'
import { metering, processMeter } from './measure/processes.ts'
import { type Table, tableOf } from './measure/table.ts'
import { membersOf, names, type Stage, startStage } from './stage.ts'

const CLIENTS = 5_000
const MANY_CLIENTS = 20_000
const ROOM_MEMBERS = 50
/** Written to each room while its people are away. */
const MISSED = 3
const TEXT_CHARS = 100
const IN_FLIGHT_MAX = 200
const QUERIES = 'switchboard_storage_queries_total'

/** Everybody connects; the edge is killed; everybody comes back and gets exactly what was missed. */
export const connectResume: Bench = {
  name: 'connect-resume',
  about: '5,000 clients connect, their edge is killed, all resume; limit: as many bare upgrades of ws',
  run: (options) => comeBack('connect-resume', { clients: CLIENTS, workers: 1 }, options),
}

/**
 * The same with as many as an edge of two processes takes: more than it lets in at once, so part of the time is its own doing. One
 * process would need more open files than many systems allow.
 */
export const connectResumeMany: Bench = {
  name: 'connect-resume-many',
  about:
    '20,000 clients connect to an edge with two workers, it is killed, all resume; limit: as many bare upgrades of two relays',
  isByHand: true,
  run: (options) => comeBack('connect-resume-many', { clients: MANY_CLIENTS, workers: 2 }, options),
}

async function comeBack(
  name: string,
  { clients, workers }: { clients: number; workers: number },
  options: BenchOptions,
): Promise<Table[]> {
  await using stack = new AsyncDisposableStack()
  const serviceEnv = { edge: { EDGE_WORKERS: `${workers}` } }
  const stage = stack.use(await startStage(options.ground, { serviceEnv }))
  const rooms = scaled(clients / ROOM_MEMBERS, options.scale, 2)
  // The last of each room writes to it from another edge, while the others are away.
  const people = names('c', rooms).map((room) => names(`${room}-`, ROOM_MEMBERS + 1))
  const ids = await stage.makeRooms(people)
  const members = ids.map((id, r) => membersOf(stage.token, id, people[r] ?? []))
  const writers = await stage.system.add('edge')
  const crowd = stack.use(new Crowd())
  const relays = await Promise.all(
    Array.from({ length: workers }, async () => {
      const relay = stack.use(startWorker<typeof WsMethods>('limit/ws-relay.ts'))
      return { pid: () => relay.pid, url: await relay.call('listen', undefined) }
    }),
  )
  const work: Work = {
    stage,
    crowd,
    listening: members.map((all) => all.slice(0, ROOM_MEMBERS)),
    writing: members.map((all) => all.slice(ROOM_MEMBERS)),
    writersUrl: writers.url,
  }
  const subjects = {
    switchboard: () => killAndReturn(work),
    'raw ws': () => bareUpgrades(work, relays),
  }
  const { pairs, report } = options
  const samples = await alternate(subjects, { pairs, report: (line) => report(`${name}: ${line}`) })
  return [tableOf(`${name}: ${rooms * ROOM_MEMBERS} clients in ${rooms} rooms`, samples, 'raw ws')]
}

/** Who comes and goes, and who writes meanwhile at another edge. */
export interface Work {
  readonly stage: Stage
  readonly crowd: Crowd
  readonly listening: readonly (readonly Member[])[]
  readonly writing: readonly (readonly Member[])[]
  readonly writersUrl: string
  /** More to be measured while everybody is back. */
  readonly whileBack?: () => Promise<Sample>
}

const secondsSince = (from: number): number => (performance.now() - from) / 1_000

/** Everybody connects, their edge dies, a few messages are written, everybody comes back and gets exactly those. */
export async function killAndReturn({
  stage,
  crowd,
  listening,
  writing,
  writersUrl,
  whileBack,
}: Work): Promise<Sample> {
  const [group, others] = ['clients', 'writers']
  const [clients, hearers] = [listening.flat().length, listening[0]?.length ?? 0]
  const edge = stage.system.process('edge')
  const storageUrl = stage.system.process('storage').operatorUrl
  await crowd.open(others, { dialect: 'switchboard', url: writersUrl, rooms: writing })
  const connected = await metering(stage.meters, () =>
    crowd.open(group, { dialect: 'switchboard', url: stage.url, rooms: listening }),
  )
  await crowd.expectLoss(group)
  const killed = performance.now()
  // Its workers, where it has any, die with it.
  for (const pid of await familyOf(edge.pid)) process.kill(pid, 'SIGKILL')
  await edge.exited
  const messages = listening.length * MISSED
  const firing = { perSecond: messages, seconds: 1, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
  const { heads, sent } = await crowd.work(others, firing)
  await edge.restart()
  const restarted = secondsSince(killed)
  const before = await readMetrics(storageUrl)
  const resumed = await metering(stage.meters, async () => {
    const retries = await crowd.reopen(group)
    await crowd.hear(group, heads, sent * hearers)
    return retries
  })
  const backAfter = secondsSince(killed)
  const questions = asked(before, await readMetrics(storageUrl))
  const more = await whileBack?.()
  await crowd.close(group)
  await crowd.close(others)
  return {
    'all connected s': connected.seconds,
    ...costs('connect', { used: connected.used, count: clients }),
    'told to come back later, per connect': connected.result / clients,
    'all back after the edge is ready s': resumed.seconds,
    'told to come back later, per resume': resumed.result / clients,
    'edge ready after the kill s': restarted,
    'all back after the kill s': backAfter,
    ...costs('resume', { used: resumed.used, count: clients }),
    'questions about rooms to storage, per room': questions.rooms / listening.length,
    'questions about people to storage, per client': questions.people / clients,
    ...more,
  }
}

/** Questions by what they are about: `room.…` and the rest, which are about one person. */
function asked(before: readonly MetricSample[], after: readonly MetricSample[]): { rooms: number; people: number } {
  const about = (label: string) => sumOf(after, QUERIES, label) - sumOf(before, QUERIES, label)
  const rooms = about('query="room.')
  return { rooms, people: about('') - rooms }
}

interface Relay {
  readonly pid: () => number
  readonly url: string
}

/** Each relay has its share of the rooms. */
async function bareUpgrades({ crowd, listening }: Work, relays: readonly Relay[]): Promise<Sample> {
  const clients = listening.length * ROOM_MEMBERS
  const meters = relays.map(({ pid }, i) => processMeter(relays.length === 1 ? SOCKET_PROCESS : `relay ${i + 1}`, pid))
  const shares = relays.map(({ url }, i) => ({
    group: `upgrades ${i}`,
    people: { dialect: 'ws' as const, url, rooms: listening.filter((_room, r) => r % relays.length === i) },
  }))
  const once = async () => {
    const opened = await metering(meters, () =>
      Promise.all(shares.map(({ group, people }) => crowd.open(group, people))),
    )
    for (const { group } of shares) await crowd.close(group)
    return opened
  }
  const [first, again] = [await once(), await once()]
  return {
    'all connected s': first.seconds,
    ...costs('connect', { used: first.used, count: clients }),
    'all back after the edge is ready s': again.seconds,
    ...costs('resume', { used: again.used, count: clients }),
  }
}
