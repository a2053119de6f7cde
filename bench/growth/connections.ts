import { scaled } from '../bench.ts'
import { killAndReturn } from '../connect-resume.ts'
import { costs } from '../cost.ts'
import { Crowd, latencies } from '../crowd.ts'
import type { Sample } from '../measure/pairs.ts'
import { membersOf, names, startStage } from '../stage.ts'
import { type Axis, growing, PER_SECOND_MIN, sizesAt } from './axis.ts'

const SIZES = [100, 1_000, 10_000]
const ROOM_MEMBERS = 50
/** Those who write while the others are connected and silent. */
const TALKING_ROOMS = 10
const TALKERS = 2
const PER_SECOND = 200
const TEXT_CHARS = 100
const IN_FLIGHT_MAX = 1_000

/** More and more people at one edge: what each costs to connect and to resume, and what a message of twenty others costs beside them. */
export const growConnections: Axis = async (options) => {
  await using stack = new AsyncDisposableStack()
  const stage = stack.use(await startStage(options.ground))
  const sizes = sizesAt(SIZES, options.scale, ROOM_MEMBERS)
  const most = Math.ceil(Math.max(...sizes) / ROOM_MEMBERS)
  // The last of each room writes to it from another edge.
  const people = names('c', most).map((room) => names(`${room}-`, ROOM_MEMBERS + 1))
  const ids = await stage.makeRooms(people)
  const members = ids.map((id, r) => membersOf(stage.token, id, people[r] ?? []))
  const pairs = names('t', TALKING_ROOMS).map((room) => names(`${room}-`, TALKERS))
  const talking = (await stage.makeRooms(pairs)).map((id, r) => membersOf(stage.token, id, pairs[r] ?? []))
  const writers = await stage.system.add('edge')
  const crowd = stack.use(new Crowd())
  const perSecond = scaled(PER_SECOND, options.scale, PER_SECOND_MIN)
  const firing = { perSecond, seconds: options.seconds, inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
  const talk = async (): Promise<Sample> => {
    await crowd.open('talkers', { dialect: 'switchboard', url: stage.url, rooms: talking })
    const { result, used } = await stage.metering(() => crowd.work('talkers', firing))
    await crowd.close('talkers')
    return { ...costs('message', { used, count: result.sent }), ...latencies('publish to ack', result.acks) }
  }
  const title = `rooms of ${ROOM_MEMBERS}, their edge is killed; then ${perSecond} messages/s in other rooms`
  const table = await growing({ title, axis: 'connections', sizes }, options, (size) => {
    const there = members.slice(0, Math.ceil(size / ROOM_MEMBERS))
    return killAndReturn({
      stage,
      crowd,
      listening: there.map((all) => all.slice(0, ROOM_MEMBERS)),
      writing: there.map((all) => all.slice(ROOM_MEMBERS)),
      writersUrl: writers.url,
      whileBack: talk,
    })
  })
  return [table]
}
