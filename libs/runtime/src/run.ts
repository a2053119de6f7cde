import { type Context, createContext } from './context.ts'
import { within } from './deadline.ts'
import { openOperatorPort } from './operator-port.ts'
import { environment, SettingsError, type Table } from './settings.ts'

/** After this long a process that does not manage to stop is ended: one sentence in the log instead of a hung pod. */
const STOP_MS_MAX = 175_000

interface OperatorTable extends Table {
  readonly OPERATOR_HOST: { readonly type: 'string'; readonly doc: string; readonly default?: string }
  readonly OPERATOR_PORT: { readonly type: 'integer'; readonly doc: string; readonly default?: number }
}

/**
 * The life of every service: settings, operator port, start, signal, dispose in reverse order, exit. `start` builds the service
 * and returns what must be disposed. Wrong settings are printed together and end the process with code 2, a crash with code 1.
 */
export async function run<T extends OperatorTable>(
  service: string,
  table: T,
  start: (context: Context<T>) => Promise<AsyncDisposable>,
): Promise<void> {
  const context = readContext(service, table)
  if (!context) return
  const { log, abort } = context
  const settings = context.settings as { OPERATOR_HOST: string; OPERATOR_PORT: number }
  let stopped: (() => void) | undefined
  const stopping = new Promise<void>((resolve) => {
    stopped = resolve
  })
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopped?.())
  try {
    await using stack = new AsyncDisposableStack()
    stack.use(context.meters)
    const { health, meters } = context
    const operator = stack.use(
      await openOperatorPort({ host: settings.OPERATOR_HOST, port: settings.OPERATOR_PORT, health, meters }),
    )
    log.info({ operator_port: operator.port, id: context.id }, 'starting')
    stack.use(await start(context))
    log.info('started')
    await stopping
    log.info('stopping')
    health.drain()
    abort.abort()
    await within(STOP_MS_MAX, stack.disposeAsync(), 'stopping')
    log.info('stopped')
    process.exitCode = 0
  } catch (error) {
    context.crash(error)
  }
  // Whatever still holds the loop open (a socket in its close handshake) is not worth waiting for.
  process.exit()
}

function readContext<T extends Table>(service: string, table: T) {
  const crash = (error: unknown) => {
    context?.log.fatal({ error: String(error), stack: error instanceof Error ? error.stack : undefined }, 'crashed')
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  let context: (Context<T> & { readonly abort: AbortController }) | undefined
  try {
    context = createContext(service, table, { env: environment(), crash })
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    process.stderr.write(`${service}: ${error.problems.join(`\n${service}: `)}\n`)
    process.exitCode = 2
    process.exit()
  }
  return context
}
