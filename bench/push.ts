import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson } from '@switchboard/bus/core'
import type { DeviceBody } from '@switchboard/contracts/http'
import type { PushRecord } from '@switchboard/contracts/records'
import { type Bench, type BenchOptions, scaled } from './bench.ts'
import { costs } from './cost.ts'
import type { methods as SinkMethods } from './limit/push-sink.ts'
import { quietBus } from './load/log-writer.ts'
import type { methods as RawMethods } from './load/push-load.ts'
import { startWorker, type Worker } from './load/worker.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { metering, processMeter } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { VoidRunError } from './measure/void-run.ts'
import { type Stage, startStage } from './stage.ts'

/** Of one segment; a notifier takes 10,000 in hand. */
const PUSHES = 8_000
const AT_ONCE = 256
/** In which they are written, before the first of them is due. */
const LEAD_MS = 5_000
const LEAD_MS_MIN = 2_000
const DONE_MS_MAX = 120_000
const LOOK_MS = 20
const CAPTURED = 500

/** Pushes that are all due in the same moment. */
export const push: Bench = {
  name: 'push',
  about: '8,000 pushes to Apple that are due at once; limit: the same requests over bare HTTP/2',
  run: async (options) => {
    await using stack = new AsyncDisposableStack()
    const { pairs, report } = options
    const { count, subjects } = await pushSubjects(stack, options)
    const samples = await alternate(subjects, { pairs, report: (line) => report(`push: ${line}`) })
    return [tableOf(`push: ${count} at once`, samples, 'raw HTTP/2')]
  },
}

/** The limit sends again what the notifier has just sent: so they take turns, the notifier first. */
export async function pushSubjects(stack: AsyncDisposableStack, { ground, scale }: BenchOptions) {
  const sink = stack.use(startWorker<typeof SinkMethods>('limit/push-sink.ts'))
  const { settings, url, target } = await sink.call('start', undefined)
  const stage = stack.use(await startStage(ground, { services: ['notifier'], serviceEnv: { notifier: settings } }))
  const { natsUrl, namespace } = stage.options
  const bus = stack.use(await quietBus(natsUrl, namespace))
  const raw = stack.use(startWorker<typeof RawMethods>('load/push-load.ts'))
  const count = scaled(PUSHES, scale, 100)
  const leadMs = scaled(LEAD_MS, scale, LEAD_MS_MIN)
  let round = 0
  const subjects = {
    switchboard: () => {
      round += 1
      return fromQueue({ stage, bus, sink, target, count, leadMs, room: `push${round}` })
    },
    'raw HTTP/2': async (): Promise<Sample> => {
      const requests = await sink.call('captured', CAPTURED)
      const meters = [processMeter('client', () => raw.pid)]
      const send = () => raw.call('send', { url, ca: settings.PUSH_CA, requests, count })
      const { result, used } = await metering(meters, send)
      if (result.faults.length > 0) throw new VoidRunError(result.faults.join('; '))
      return { 'pushes/s': result.sent / result.seconds, ...costs('push', { used, count }) }
    },
  }
  return { count, subjects }
}

async function fromQueue(work: {
  stage: Stage
  bus: Bus
  sink: Worker<typeof SinkMethods>
  target: DeviceBody['target']
  count: number
  leadMs: number
  room: string
}): Promise<Sample> {
  const { stage, bus, sink, target, count, room } = work
  await sink.call('forget', undefined)
  const due = Date.now() + work.leadMs
  for (let from = 1; from <= count; from += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - from + 1) }, (_, i) =>
      pushOf(room, { seq: from + i, due, target }),
    )
    await Promise.all(batch.map((one) => bus.js.publish(bus.names.push('apns'), encodeJson(one))))
  }
  if (Date.now() >= due) throw new VoidRunError('writing the pushes took longer than until they were due')
  await sleep(due - Date.now())
  const { used, seconds } = await metering(stage.meters, async () => {
    const deadline = performance.now() + DONE_MS_MAX
    while ((await sink.call('received', undefined)).shown < count) {
      if (performance.now() > deadline)
        throw new VoidRunError(`${JSON.stringify(await sink.call('received', undefined))}`)
      await sleep(LOOK_MS)
    }
  })
  const { shown, twice } = await sink.call('received', undefined)
  if (shown !== count || twice > 0) throw new VoidRunError(`${shown} of ${count} pushes came, ${twice} of them again`)
  return { 'pushes/s': count / seconds, ...costs('push', { used, count }) }
}

/** For somebody of their own each: nobody has read, nobody looks. */
function pushOf(
  room: string,
  { seq, due, target }: { seq: number; due: number; target: DeviceBody['target'] },
): PushRecord {
  const user = `${room}-${seq}`
  const at = Date.now()
  const device = { device: 'phone', user, provider: 'apns', target, registered_at: at } as const
  const who = { from: 'alice', from_name: 'Alice', user, badge: 1, device }
  return {
    room,
    room_title: 'Bench',
    room_kind: 'group',
    seq,
    log_seq: 1,
    at,
    due_at: due,
    text: `message ${seq} of ${room}`,
    ...who,
  }
}
