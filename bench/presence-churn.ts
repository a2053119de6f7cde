import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, scaled } from './bench.ts'
import { Caller } from './caller.ts'
import { costs, SOCKET_PROCESS } from './cost.ts'
import { Crowd } from './crowd.ts'
import type { methods as WsMethods } from './limit/ws-relay.ts'
import { startWorker } from './load/worker.ts'
import { alternate } from './measure/pairs.ts'
import { metering, processMeter } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'
import { VoidRunError } from './measure/void-run.ts'
import { membersOf, names, startStage } from './stage.ts'

const PEOPLE = 300
const WATCHERS = 10
const PER_SECOND = 150
const ONLINE_MS_MAX = 30_000
const LOOK_MS = 200

/** People of one room go and come while others watch who is online. */
export const presenceChurn: Bench = {
  name: 'presence',
  about: '150 people of one room go or come in a second, ten watch; limit: as many upgrades and ends of ws',
  run: async ({ ground, pairs, seconds, scale, report }) => {
    await using stack = new AsyncDisposableStack()
    const stage = stack.use(await startStage(ground))
    const [people, watching] = [names('p', scaled(PEOPLE, scale, 10)), names('v', WATCHERS)]
    const room = await stage.makeRoom([...watching, ...people])
    const rooms = [membersOf(stage.token, room, people)]
    const ws = stack.use(startWorker<typeof WsMethods>('limit/ws-relay.ts'))
    const crowd = stack.use(new Crowd())
    await crowd.open('people', { dialect: 'switchboard', url: stage.url, rooms })
    await crowd.open('raw', { dialect: 'ws', url: await ws.call('listen', undefined), rooms })
    const watchers: Caller[] = []
    for (const user of watching) watchers.push(stack.use(await Caller.connected(stage.url, stage.token(user))))
    const online = () => Promise.all(watchers.map((watcher) => watcher.rpc<{ count: number }>('room.online', { room })))
    const churning = { perSecond: scaled(PER_SECOND, scale, 5), seconds }
    const all = people.length + watching.length
    await untilAllSee(online, all)
    const subjects = {
      switchboard: async () => {
        await online()
        const { result, used } = await metering(stage.meters, () => crowd.churn('people', churning))
        await untilAllSee(online, all)
        return { 'transitions/s': result / seconds, ...costs('transition', { used, count: result }) }
      },
      'raw ws': async () => {
        const meters = [processMeter(SOCKET_PROCESS, () => ws.pid)]
        const { result, used } = await metering(meters, () => crowd.churn('raw', churning))
        return { 'transitions/s': result / seconds, ...costs('transition', { used, count: result }) }
      },
    }
    const samples = await alternate(subjects, { pairs, report: (line) => report(`presence: ${line}`) })
    return [tableOf(`presence: ${people.length} people, ${watching.length} watch`, samples, 'raw ws')]
  },
}

/** @throws VoidRunError when somebody does not come to see that everybody is there. */
async function untilAllSee(online: () => Promise<readonly { count: number }[]>, count: number): Promise<void> {
  const deadline = performance.now() + ONLINE_MS_MAX
  for (;;) {
    const seen = await online()
    if (seen.every((one) => one.count === count)) return
    if (performance.now() > deadline) {
      throw new VoidRunError(`${count} are online, and the watchers see ${seen.map((one) => one.count).join(', ')}`)
    }
    await sleep(LOOK_MS)
  }
}
