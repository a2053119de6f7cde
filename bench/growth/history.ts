import { killAndReturn } from '../connect-resume.ts'
import { costs } from '../cost.ts'
import { Crowd, latencies } from '../crowd.ts'
import type { Member } from '../load/dialect.ts'
import type { methods as HistoryMethods } from '../load/history-load.ts'
import { startWorker } from '../load/worker.ts'
import type { Sample } from '../measure/pairs.ts'
import { VoidRunError } from '../measure/void-run.ts'
import { membersOf, names, type Stage, startStage } from '../stage.ts'
import { type Axis, growing, sizesAt } from './axis.ts'

/** Below a thousand events the messages of the measurement itself would be most of the history. */
const SIZES = [1_000, 10_000, 100_000]
const READERS = 20
/** Connections of each reader, which all resume; an edge takes 20 of one person. */
const EACH = 15
const PAGE = 50
const PAGES_AT_ONCE = 16
const MESSAGES = 100
const FILL_PER_SECOND = 5_000
/** At a time: what storage writes meanwhile must not be late. */
const FILL_EVENTS_MAX = 20_000
const FILLERS = 10
const FILL_ROUNDS_MAX = 100
const TEXT_CHARS = 100
const IN_FLIGHT_MAX = 1_000

interface Room {
  readonly id: string
  readonly users: readonly string[]
  readonly members: readonly Member[]
  head: number
}

/** One room with a longer and longer past: what a page, a message and a resume cost in it. */
export const growHistory: Axis = async (options) => {
  await using stack = new AsyncDisposableStack()
  const stage = stack.use(await startStage(options.ground))
  const crowd = stack.use(new Crowd())
  const sizes = sizesAt(SIZES, options.scale, 2 * PAGE)
  const rooms = new Map<number, Room>()
  for (const size of sizes) {
    options.report(`growth of history: writing ${size} events`)
    rooms.set(size, await filled({ stage, crowd }, size))
  }
  const writers = await stage.system.add('edge')
  const pages = stack.use(startWorker<typeof HistoryMethods>('load/history-load.ts'))
  const title = `one room, ${READERS} people, ${READERS * EACH} connections resume`
  const table = await growing({ title, axis: 'history', sizes }, options, async (size) => {
    const room = rooms.get(size)
    if (!room) throw new Error(`there is no room of ${size} events`)
    const [page, message] = [await readPages(room), await write(room)]
    const readers = room.members.slice(0, READERS)
    const resumed = await killAndReturn({
      stage,
      crowd,
      listening: [Array.from({ length: EACH }, () => readers).flat()],
      writing: [room.members.slice(READERS)],
      writersUrl: writers.url,
    })
    const { 'questions about rooms to storage, per room': questions = 0 } = resumed
    const ofResume = Object.entries(resumed).filter(([figure]) => figure.startsWith('CPU µs per resume'))
    return {
      ...page,
      ...message,
      ...Object.fromEntries(ofResume),
      'questions about rooms to storage, per room': questions,
    }
  })
  return [table]

  async function readPages({ id, users, head }: Room): Promise<Sample> {
    const work = { rooms: [id], head, limit: PAGE, atOnce: PAGES_AT_ONCE, seconds: options.seconds }
    const tokens = users.slice(0, READERS).map(stage.token)
    const { result, used } = await stage.metering(async () => ({
      ...(await pages.call('read', { ...work, url: stage.url, tokens })),
      events: 0,
    }))
    if (result.faults.length > 0) throw new VoidRunError(result.faults.join('; '))
    return { ...costs('page', { used, count: result.pages }), ...latencies('page', result.times) }
  }

  async function write(room: Room): Promise<Sample> {
    const seconds = Math.min(1, options.seconds)
    const firing = { seconds, perSecond: MESSAGES / seconds, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
    await crowd.open('few', { dialect: 'switchboard', url: stage.url, rooms: [room.members.slice(0, 2)] })
    const { result, used } = await stage.metering(() => crowd.work('few', firing))
    await crowd.close('few')
    return costs('message', { used, count: result.sent })
  }
}

/** A room with so many events, written by everybody at once through the front door. */
async function filled({ stage, crowd }: { stage: Stage; crowd: Crowd }, size: number): Promise<Room> {
  const users = names(`h${size}-`, READERS + 1)
  const id = await stage.makeRoom(users)
  const members = membersOf(stage.token, id, users)
  await crowd.open('fill', { dialect: 'switchboard', url: stage.url, rooms: [members.slice(0, FILLERS)] })
  let head = 0
  for (let round = 0; head < size; round += 1) {
    if (round === FILL_ROUNDS_MAX) throw new VoidRunError(`${head} of ${size} events after ${round} rounds`)
    // What is due in less than a tick of the pace would never be sent.
    const count = Math.min(Math.max(size - head, PAGE), FILL_EVENTS_MAX)
    const firing = { perSecond: FILL_PER_SECOND, seconds: count / FILL_PER_SECOND, textChars: TEXT_CHARS }
    const { result } = await stage.metering(() => crowd.work('fill', { ...firing, inFlightMax: IN_FLIGHT_MAX }))
    head = Math.max(head, ...Object.values(result.heads))
  }
  await crowd.close('fill')
  return { id, users, members, head }
}
