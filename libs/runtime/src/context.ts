import pino, { type Logger } from 'pino'
import { Health } from './health.ts'
import { createMeters, type Meters, spanEvents } from './meters.ts'
import { readSettings, type Settings, type Table } from './settings.ts'
import { type ActiveSpan, activeSpan, type Tracing } from './tracing.ts'
import type { TracingParts } from './tracing-sdk.ts'

export type { Logger } from 'pino'

/** All that a service gets from the process it runs in. Tests make their own; nothing else is global. */
export interface Context<T extends Table> {
  readonly service: string
  /** Unique to this start of this process: 16 characters that are valid in a subject. */
  readonly id: string
  readonly settings: Settings<T>
  /** Which of the processes this is that share the ports of the service, from 1 on; null when it is the only one. */
  readonly worker: number | null
  /** How many such processes this one starts and watches, doing nothing else; 0 when it does the work itself. */
  readonly workers: number
  readonly log: Logger
  readonly meters: Meters
  readonly health: Health
  /** Undefined unless the settings say where spans go. */
  readonly tracing: Tracing | undefined
  /** Aborts when the process begins to stop. */
  readonly signal: AbortSignal
  /** A bug was met: the process logs it and ends. Expected refusals never come here. */
  crash(error: unknown): void
}

/** A new id for one start of one process. */
export const incarnationId = (): string => crypto.randomUUID().replaceAll('-', '').slice(0, 16)

/** `<SERVICE>_WORKERS` of its table, where it has one: a single process needs no other to watch it. */
function workersOf(service: string, settings: Readonly<Record<string, unknown>>): number {
  const wanted = Number(settings[`${service.toUpperCase()}_WORKERS`] ?? 1)
  return wanted > 1 ? wanted : 0
}

/** What every line of the log says of the span in which it was written. */
function tracedBy(active: ActiveSpan): object {
  const span = active.getStore()
  return span ? { trace_id: span.traceId, span_id: span.spanId } : {}
}

/** A context outside `run`, for tests and the whole system in one process. `crash` throws away nothing: it rethrows out of band. */
export function createContext<T extends Table>(
  service: string,
  table: T,
  options: {
    env: Readonly<Record<string, string | undefined>>
    log?: Logger
    crash?: (error: unknown) => void
    worker?: number | null
    /** How spans are made, where they are. */
    createTracing?: (parts: TracingParts) => Tracing
  },
): Context<T> & { readonly abort: AbortController } {
  const abort = new AbortController()
  const settings = readSettings(table, options.env)
  const { worker = null } = options
  const workers = worker === null ? workersOf(service, settings) : 0
  const { LOG_LEVEL: level = options.env.LOG_LEVEL ?? 'warn' } = settings as { LOG_LEVEL?: string }
  const active = options.createTracing && activeSpan()
  const log = options.log ?? pino({ name: service, level, ...(active && { mixin: () => tracedBy(active) }) })
  const rethrow = (error: unknown) => {
    queueMicrotask(() => {
      throw error
    })
  }
  const id = incarnationId()
  const meters = createMeters(service, { worker, isIdle: workers > 0 })
  const tracing =
    active && options.createTracing?.({ service, id, settings, active, events: spanEvents({ log, meters }) })
  return {
    service,
    id,
    settings,
    worker,
    workers,
    log: worker === null ? log : log.child({ worker }),
    meters,
    health: new Health(),
    tracing,
    signal: abort.signal,
    abort,
    crash: options.crash ?? rethrow,
  }
}
