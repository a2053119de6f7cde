import { monitorEventLoopDelay } from 'node:perf_hooks'
import { BUCKETS, METRICS, type MetricName } from '@switchboard/contracts/metrics'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

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

/** Metrics that start with the name of another service are not registered here: an edge has no bulks. */
const belongsTo = (service: string, name: string): boolean => {
  const owner = name.split('_')[1] ?? ''
  return owner === service || owner === 'channel' || owner === 'process'
}

export function createMeters(service: string): Meters {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  collectDefaultMetrics({ register: registry })
  const made = new Map<string, Counter | Gauge | Histogram>()
  for (const [name, { type, help, labels }] of Object.entries(METRICS)) {
    if (!belongsTo(service, name)) continue
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
  const loop = monitorEventLoopDelay({ resolution: 20 })
  loop.enable()
  const timer = setInterval(() => {
    of(LOOP_LAG, Gauge).set(loop.percentile(99) / 1e9)
    loop.reset()
  }, 10_000)
  timer.unref()
  return {
    count: (name, labels = {}, by = 1) => of(name, Counter).inc(labels, by),
    set: (name, labels, value) => of(name, Gauge).set(labels, value),
    observe: (name, labels, value) => of(name, Histogram).observe(labels, value),
    text: () => registry.metrics(),
    [Symbol.dispose]: () => {
      clearInterval(timer)
      loop.disable()
      registry.clear()
    },
  }
}
