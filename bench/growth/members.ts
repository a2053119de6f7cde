import { MAX } from '@switchboard/contracts/limits'
import { type BenchOptions, scaled } from '../bench.ts'
import { costs } from '../cost.ts'
import { Crowd, latencies } from '../crowd.ts'
import type { Member } from '../load/dialect.ts'
import type { Table } from '../measure/table.ts'
import { membersOf, names, type Stage, startStage } from '../stage.ts'
import { type Axis, growing, PER_SECOND_MIN, sizesAt } from './axis.ts'

const SIZES = [10, 100, 1_000, MAX.roomMembers]
const TEXT_CHARS = 100
const IN_FLIGHT_MAX = 1_000
const DELIVERIES_PER_SECOND = 10_000
/** Members of each room that are there while all others are away. */
const PRESENT = 10
const MESSAGES_PER_SECOND = 200

interface Rooms {
  readonly stage: Stage
  readonly crowd: Crowd
  readonly members: ReadonlyMap<number, readonly Member[]>
  readonly options: BenchOptions
}

/** One room with more and more members: as many deliveries while all of them listen, as many messages while ten do. */
export const growMembers: Axis = async (options) => {
  await using stack = new AsyncDisposableStack()
  const stage = stack.use(await startStage(options.ground))
  const crowd = stack.use(new Crowd())
  const members = new Map<number, readonly Member[]>()
  for (const size of sizesAt(SIZES, options.scale, PRESENT)) {
    const users = names(`m${size}-`, size)
    members.set(size, membersOf(stage.token, await stage.makeRoom(users), users))
  }
  const rooms = { stage, crowd, members, options }
  return [await whenAllListen(rooms), await whenMostAreAway(rooms)]
}

async function whenAllListen({ stage, crowd, members, options }: Rooms): Promise<Table> {
  for (const [size, all] of members)
    await crowd.open(`all${size}`, { dialect: 'switchboard', url: stage.url, rooms: [all], timedOneIn: 20 })
  const { seconds } = options
  const deliveries = DELIVERIES_PER_SECOND * Math.min(1, options.scale)
  const about = {
    title: `one room, all listen, ${deliveries} deliveries/s altogether`,
    axis: 'members',
    sizes: [...members.keys()],
  }
  const table = await growing(about, options, async (size) => {
    // One message at least, also where it is for thousands.
    const perSecond = Math.max(deliveries / size, 2 / seconds)
    const firing = { perSecond, seconds, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
    const { result, used } = await stage.metering(() => crowd.work(`all${size}`, firing, { writingProcesses: 1 }))
    return {
      ...costs('delivery', { used, count: result.delivered }),
      ...latencies('sent to received', result.deliveries),
    }
  })
  for (const size of members.keys()) await crowd.close(`all${size}`)
  return table
}

async function whenMostAreAway({ stage, crowd, members, options }: Rooms): Promise<Table> {
  for (const [size, all] of members)
    await crowd.open(`few${size}`, { dialect: 'switchboard', url: stage.url, rooms: [all.slice(0, PRESENT)] })
  const perSecond = scaled(MESSAGES_PER_SECOND, options.scale, PER_SECOND_MIN)
  const about = {
    title: `one room, ${PRESENT} members are there, ${perSecond} messages/s`,
    axis: 'members who are away',
    sizes: [...members.keys()],
  }
  const firing = { perSecond, seconds: options.seconds, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
  return growing(about, options, async (size) => {
    const { result, used } = await stage.metering(() => crowd.work(`few${size}`, firing))
    return { ...costs('message', { used, count: result.sent }), ...latencies('publish to ack', result.acks) }
  })
}
