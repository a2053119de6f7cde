import { scaled } from '../bench.ts'
import { Caller } from '../caller.ts'
import { costs } from '../cost.ts'
import { Crowd, latencies } from '../crowd.ts'
import type { Member } from '../load/dialect.ts'
import { names, roomMadeBy, type Stage, someAtOnce, startStage } from '../stage.ts'
import { type Axis, growing, PER_SECOND_MIN, sizesAt } from './axis.ts'

const SIZES = [100, 1_000, 10_000]
const PAIRS = 50
const PER_SECOND = 500
const TEXT_CHARS = 100
const IN_FLIGHT_MAX = 1_000
const CALLERS = 50

/** The same hundred people write as much, in more and more rooms of two. */
export const growRooms: Axis = async (options) => {
  await using stack = new AsyncDisposableStack()
  const stage = stack.use(await startStage(options.ground))
  const crowd = stack.use(new Crowd())
  const sizes = sizesAt(SIZES, options.scale, PAIRS)
  const pairs = new Map<number, Member[][]>()
  for (const size of sizes) pairs.set(size, await inRooms(stage, size))
  const firing = {
    perSecond: scaled(PER_SECOND, options.scale, PER_SECOND_MIN),
    seconds: options.seconds,
    inFlightMax: IN_FLIGHT_MAX,
    textChars: TEXT_CHARS,
  }
  const title = `${2 * PAIRS} people in rooms of two, ${firing.perSecond} messages/s altogether`
  const table = await growing({ title, axis: 'rooms', sizes }, options, async (size) => {
    await crowd.open('rooms', { dialect: 'switchboard', url: stage.url, rooms: pairs.get(size) ?? [] })
    const { result, used } = await stage.metering(() => crowd.work('rooms', firing))
    await crowd.close('rooms')
    return { ...costs('message', { used, count: result.sent }), ...latencies('publish to ack', result.acks) }
  })
  return [table]
}

/** People of their own for each size, so that nobody is in more rooms than are asked for. */
async function inRooms(stage: Stage, count: number): Promise<Member[][]> {
  return someAtOnce(names(`r${count}-`, PAIRS), CALLERS, async (pair) => {
    const [first = '', second = ''] = names(`${pair}-`, 2)
    using caller = await Caller.connected(stage.url, stage.token(first))
    const rooms: string[] = []
    for (let i = 0; i < count / PAIRS; i += 1) rooms.push(`room:${await roomMadeBy(caller, [second])}`)
    return [first, second].map((user) => ({ token: stage.token(user), rooms }))
  })
}
