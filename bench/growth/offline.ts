import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { scaled } from '../bench.ts'
import { costs } from '../cost.ts'
import { Crowd } from '../crowd.ts'
import type { methods as SinkMethods } from '../limit/push-sink.ts'
import { startWorker } from '../load/worker.ts'
import { metering } from '../measure/processes.ts'
import { VoidRunError } from '../measure/void-run.ts'
import { membersOf, names, type Stage, someAtOnce, startStage } from '../stage.ts'
import { type Axis, growing, PER_SECOND_MIN, sizesAt } from './axis.ts'

const SIZES = [10, 100, 1_000]
/** In each room, with one device each, besides whoever writes. */
const AWAY = 10
const PUSHES = 1_000
const WRITE_SECONDS = 2
const TEXT_CHARS = 100
const IN_FLIGHT_MAX = 1_000
const REGISTER_AT_ONCE = 32
const PUSHES_MS_MAX = 120_000
const LOOK_MS = 50

/** More and more people who are away and have a phone: what one push costs, of as many altogether. */
export const growOffline: Axis = async (options) => {
  await using stack = new AsyncDisposableStack()
  const sink = stack.use(startWorker<typeof SinkMethods>('limit/push-sink.ts'))
  const { settings } = await sink.call('start', undefined)
  const stage = stack.use(await startStage(options.ground, { serviceEnv: { notifier: settings } }))
  const crowd = stack.use(new Crowd())
  const sizes = sizesAt(SIZES, options.scale, AWAY)
  for (const size of sizes) {
    const people = names(`o${size}-`, Math.ceil(size / AWAY)).map((room) => names(`${room}-`, AWAY + 1))
    const ids = await stage.makeRooms(people)
    const away = people.flatMap(([_writer, ...others]) => others)
    await someAtOnce(away, REGISTER_AT_ONCE, (user) => register(stage, user))
    const rooms = ids.map((id, r) => membersOf(stage.token, id, (people[r] ?? []).slice(0, 1)))
    await crowd.open(`of${size}`, { dialect: 'switchboard', url: stage.url, rooms })
  }
  const messages = scaled(PUSHES / AWAY, options.scale, WRITE_SECONDS * PER_SECOND_MIN)
  const firing = { perSecond: messages / WRITE_SECONDS, seconds: WRITE_SECONDS }
  const received = async () => (await sink.call('received', undefined)).requests
  const title = `rooms of ${AWAY} who are away with a phone each, ${Math.round(messages * AWAY)} pushes altogether`
  const table = await growing({ title, axis: 'offline users', sizes }, options, async (size) => {
    const before = await received()
    const { result, used } = await metering(stage.meters, async () => {
      const more = { inFlightMax: IN_FLIGHT_MAX, textChars: TEXT_CHARS }
      const { sent } = await crowd.work(`of${size}`, { ...firing, ...more })
      await untilReceived(received, before + sent * AWAY)
      return sent * AWAY
    })
    return costs('push', { used, count: result })
  })
  return [table]
}

async function register(stage: Stage, user: string): Promise<void> {
  const response = await fetch(`${stage.url}/v1/devices/phone`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${stage.token(user)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ provider: 'apns', target: { token: randomBytes(32).toString('hex') } }),
  })
  if (!response.ok) throw new Error(`a device was refused with ${response.status}: ${await response.text()}`)
}

/** @throws VoidRunError when there are more than were due, or not all in time. */
async function untilReceived(received: () => Promise<number>, count: number): Promise<void> {
  const deadline = performance.now() + PUSHES_MS_MAX
  for (;;) {
    const now = await received()
    if (now > count) throw new VoidRunError(`${now} pushes came, and ${count} were due`)
    if (now === count) return
    if (performance.now() > deadline) throw new VoidRunError(`${now} of ${count} pushes came in time`)
    await sleep(LOOK_MS)
  }
}
