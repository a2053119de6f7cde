import { MAX } from '@switchboard/contracts/limits'
import { BUCKETS, FILLED, METRICS, type MetricName } from '@switchboard/contracts/metrics'
import type { Logger } from 'pino'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { watchLoopLag } from './loop-lag.ts'
import type { Phase } from './worker-life.ts'
import type { WorkerEnd } from './worker-process.ts'

type Labels = Readonly<Record<string, string>>

/** The declared metrics of one process. Names that are not in the contracts do not type-check. */
export interface Meters {
  count(name: MetricName, labels?: Labels, by?: number): void
  set(name: MetricName, labels: Labels, value: number): void
  observe(name: MetricName, labels: Labels, value: number): void
  /** The Prometheus text exposition. */
  text(): Promise<string>
  [Symbol.dispose](): void
}

const LOOP_LAG = 'switchboard_process_loop_lag_seconds'
const LIMIT = 'switchboard_process_limit'
/** The longest that a timer can take: some three weeks. */
const NEVER_MS = 2_147_483_647

export interface MetersOptions {
  /** A label of its own for each of several processes of one service. */
  readonly worker?: number | null
  /** This process only watches those who do the work: it has no channels. */
  readonly isIdle?: boolean
}

export function createMeters(service: string, { worker = null, isIdle = false }: MetersOptions = {}): Meters {
  // Metrics that start with the name of another service are not registered here: an edge has no bulks.
  const owners = isIdle ? ['process'] : [service, 'channel', 'process']
  const registry = new Registry()
  registry.setDefaultLabels(worker === null ? { service } : { service, worker: String(worker) })
  collectOfNode(registry)
  const made = new Map<string, Counter | Gauge | Histogram>()
  for (const [name, { type, help, labels }] of Object.entries(METRICS)) {
    if (!owners.includes(name.split('_')[1] ?? '')) continue
    const shape = { name, help, labelNames: [...labels], registers: [registry] }
    if (type === 'counter') made.set(name, new Counter(shape))
    else if (type === 'gauge') made.set(name, new Gauge(shape))
    else made.set(name, new Histogram({ ...shape, buckets: [...BUCKETS] }))
  }
  const of = <M extends Counter | Gauge | Histogram>(name: string, kind: new (...args: never[]) => M): M => {
    const meter = made.get(name)
    if (!(meter instanceof kind))
      throw new Error(`${name} is not declared as a ${kind.name.toLowerCase()} of ${service}`)
    return meter
  }
  const filled = Object.keys((isIdle ? undefined : (FILLED as Record<string, object>)[service]) ?? {})
  for (const limit of filled as (keyof typeof MAX)[]) of(LIMIT, Gauge).set({ limit }, MAX[limit])
  const lag = watchLoopLag()
  return {
    count: (name, labels = {}, by = 1) => of(name, Counter).inc(labels, by),
    set: (name, labels, value) => of(name, Gauge).set(labels, value),
    observe: (name, labels, value) => of(name, Histogram).observe(labels, value),
    text: () => {
      of(LOOP_LAG, Gauge).set(lag.seconds)
      return registry.metrics()
    },
    [Symbol.dispose]: () => {
      lag[Symbol.dispose]()
      registry.clear()
    },
  }
}

/** What Node says of itself. */
function collectOfNode(register: Registry): void {
  // Its own look at the loop would wake a process that sleeps a hundred times a second, and it cannot be told to leave it out.
  collectDefaultMetrics({ register, eventLoopMonitoringPrecision: NEVER_MS })
  for (const { name } of register.getMetricsAsArray())
    if (name.startsWith('nodejs_eventloop_lag')) register.removeSingleMetric(name)
}

/** What becomes of the spans that a process makes. */
export function spanEvents({ log, meters }: { log: Logger; meters: Meters }) {
  const count = (outcome: string, by = 1) => meters.count('switchboard_process_spans_total', { outcome }, by)
  let isAway = false
  return {
    ended: () => count('ended'),
    sent: (spans: number) => {
      count('sent', spans)
      if (isAway) log.info('traces reach the collector again')
      isAway = false
    },
    notSent: (spans: number, error: unknown) => {
      count('failed', spans)
      // The first one wakes somebody, the rest would only fill the log.
      if (!isAway) log.warn({ error: String(error) }, 'traces do not reach the collector')
      isAway = true
    },
  }
}

const PHASES: readonly Phase[] = ['starting', 'ready', 'ending', 'resting']

/** What the parent of several processes tells people and dashboards. */
export function workerEvents({ log, meters }: { log: Logger; meters: Meters }) {
  return {
    phases: (phases: readonly Phase[]) => {
      for (const phase of PHASES)
        meters.set('switchboard_process_workers', { phase }, phases.filter((one) => one === phase).length)
    },
    ready: (worker: number, pid: number) => log.info({ worker, worker_pid: pid }, 'a worker is ready'),
    ended: ({ worker, pid, code, signal, cause, restMs }: WorkerEnd) => {
      meters.count('switchboard_process_worker_ends_total', { cause })
      const rest_ms = Math.round(restMs)
      log.error({ worker, worker_pid: pid, code, signal, cause, rest_ms }, 'a worker ended and is started again')
    },
    stopped: ({ worker, pid, code, signal }: WorkerEnd) =>
      log.info({ worker, worker_pid: pid, code, signal }, 'a worker has stopped'),
  }
}
