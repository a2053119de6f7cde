import pino, { type Logger } from 'pino'
import { Health } from './health.ts'
import { createMeters, type Meters } from './meters.ts'
import { readSettings, type Settings, type Table } from './settings.ts'

export type { Logger } from 'pino'

/** All that a service gets from the process it runs in. Tests make their own; nothing else is global. */
export interface Context<T extends Table> {
  readonly service: string
  /** Unique to this start of this process: 16 characters that are valid in a subject. */
  readonly id: string
  readonly settings: Settings<T>
  readonly log: Logger
  readonly meters: Meters
  readonly health: Health
  /** Aborts when the process begins to stop. */
  readonly signal: AbortSignal
  /** A bug was met: the process logs it and ends. Expected refusals never come here. */
  crash(error: unknown): void
}

/** A new id for one start of one process. */
export const incarnationId = (): string => crypto.randomUUID().replaceAll('-', '').slice(0, 16)

/** A context outside `run`, for tests and the whole system in one process. `crash` throws away nothing: it rethrows out of band. */
export function createContext<T extends Table>(
  service: string,
  table: T,
  options: { env: Readonly<Record<string, string | undefined>>; log?: Logger; crash?: (error: unknown) => void },
): Context<T> & { readonly abort: AbortController } {
  const abort = new AbortController()
  const settings = readSettings(table, options.env)
  const rethrow = (error: unknown) => {
    queueMicrotask(() => {
      throw error
    })
  }
  return {
    service,
    id: incarnationId(),
    settings,
    log: options.log ?? pino({ name: service, level: options.env.LOG_LEVEL ?? 'warn' }),
    meters: createMeters(service),
    health: new Health(),
    signal: abort.signal,
    abort,
    crash: options.crash ?? rethrow,
  }
}
