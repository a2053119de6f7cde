import { SERVICES, startSystem } from '../tools/system/system.ts'
import type { Bench } from './bench.ts'
import type { methods as WsMethods } from './limit/ws-relay.ts'
import { startWorker } from './load/worker.ts'
import { alternate, type Sample } from './measure/pairs.ts'
import { cpuMsOf } from './measure/processes.ts'
import { tableOf } from './measure/table.ts'

/** From nothing to ready: all services at once, as `npm start` does it, and each by itself. */
export const startUp: Bench = {
  name: 'start-up',
  about: 'all services until they are ready, and each alone; limit: one bare Node process that listens',
  run: async ({ ground, pairs, report }) => {
    const subjects = {
      switchboard: async (): Promise<Sample> => {
        const options = await ground.fresh()
        const from = performance.now()
        const together = await startSystem(options)
        const figures: Record<string, number> = { 'ready after ms': performance.now() - from }
        let cpu = 0
        for (const { pid } of together.processes) cpu += await cpuMsOf(pid)
        await together[Symbol.asyncDispose]()
        // One after the other, on streams and indexes that are there already: what a pod takes that is started again.
        await using alone = await startSystem({ ...options, services: [] })
        for (const service of SERVICES) {
          const since = performance.now()
          await alone.add(service)
          figures[`ready after ms, ${service} alone`] = performance.now() - since
        }
        return { ...figures, 'CPU ms until ready': cpu }
      },
      'bare Node': async (): Promise<Sample> => {
        const from = performance.now()
        await using bare = startWorker<typeof WsMethods>('limit/ws-relay.ts')
        await bare.call('listen', undefined)
        return { 'ready after ms': performance.now() - from, 'CPU ms until ready': await cpuMsOf(bare.pid) }
      },
    }
    const samples = await alternate(subjects, { pairs, report: (line) => report(`start-up: ${line}`) })
    return [tableOf('start-up: four services on servers that run', samples, 'bare Node')]
  },
}
