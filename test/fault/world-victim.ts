import { join } from 'node:path'
import { type ServiceName, type ServiceProcess, startService } from '../../tools/system/service.ts'
import { type ShiftableClock, shiftableClock } from './clock-shift-file.ts'
import { MetricsMemory, type Samples } from './world-metrics.ts'
import type { ServiceVictim } from './world-shape.ts'

const STOP_SECONDS_MAX = 30

export interface WorldServiceOptions {
  readonly name: string
  readonly service: ServiceName
  readonly env: Readonly<Record<string, string>>
  readonly imports: readonly string[]
  readonly logDir: string
  readonly stateDir: string
  readonly report: (line: string) => void
  /** Called when it ends without having been told to. */
  readonly onDeath: (death: Death) => void
}

/** A process that ended by itself: a bug, whatever the fault was. */
export interface Death {
  readonly name: string
  readonly how: string
  readonly lastLines: readonly string[]
}

export interface WorldService extends ServiceVictim, AsyncDisposable {
  readonly pid: number
  readonly operatorUrl: string
  /** Resolves when /ready answers 200. */
  ready(): Promise<void>
  /** The growing metrics of all its processes so far. */
  counted(): Promise<Samples>
}

/** Starts it; it is ready when `ready()` resolves. */
export async function startWorldService(options: WorldServiceOptions): Promise<WorldService> {
  const { name, service } = options
  const clock = shiftableClock(join(options.stateDir, `${name}.clock`))
  const process = await startService(service, {
    label: name,
    env: options.env,
    logDir: options.logDir,
    report: options.report,
    stopSecondsMax: STOP_SECONDS_MAX,
    imports: [...options.imports, clock.module],
  })
  const metrics = new MetricsMemory(process.operatorUrl)
  return controls(process, { clock, metrics, options })
}

interface Parts {
  readonly clock: ShiftableClock
  readonly metrics: MetricsMemory
  readonly options: WorldServiceOptions
}

function controls(process: ServiceProcess, { clock, metrics, options }: Parts): WorldService {
  const { name, service } = options
  let isFrozen = false
  let mayEnd = false
  const watch = () => {
    mayEnd = false
    void process.exited.then(({ code, signal }) => {
      if (!mayEnd) options.onDeath({ name, how: signal ?? `code ${code}`, lastLines: [...process.tail()] })
    })
  }
  watch()
  const thaw = () => {
    isFrozen = false
    process.kill('SIGCONT')
  }
  const end = async (how: () => unknown) => {
    mayEnd = true
    isFrozen = false
    await how()
    await process.exited
  }
  const kill = () => end(() => process.kill('SIGKILL'))
  const start = async () => {
    if (process.running) return process.ready()
    metrics.renew()
    await process.relaunch()
    watch()
    await process.ready()
  }
  return {
    name,
    service,
    operatorUrl: process.operatorUrl,
    get pid() {
      return process.pid
    },
    get running() {
      return process.running
    },
    kill,
    start,
    freeze: () => {
      isFrozen = true
      process.kill('SIGSTOP')
    },
    thaw,
    roll: async () => {
      await end(() => process.stop())
      await start()
    },
    stepClock: async (offsetMs) => {
      clock.set(offsetMs)
      if (process.running && !isFrozen) await clock.noticed()
    },
    metrics: () => metrics.now(),
    ready: () => process.ready(),
    counted: () => metrics.total(),
    [Symbol.asyncDispose]: async () => {
      metrics[Symbol.dispose]()
      thaw()
      mayEnd = true
      await process[Symbol.asyncDispose]()
    },
  }
}
