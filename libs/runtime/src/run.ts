import { type Context, createContext } from './context.ts'
import { pause, within } from './deadline.ts'
import type { Meters } from './meters.ts'
import { openOperatorPort } from './operator-port.ts'
import { environment, SettingsError, type Table } from './settings.ts'
import { UnusableError } from './unusable.ts'
import { answerParent, thisWorker } from './worker-link.ts'
import { WorkerEndedError, Workers } from './workers.ts'

/** After this long a process that does not manage to stop is ended: one sentence in the log instead of a hung pod. */
const STOP_MS_MAX = 175_000

/** What cannot be used now is hardly usable in a second: so long a process stays, unready, and says why, before it ends. */
const LINGER_MS = 20_000

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
  const context = await readContext(service, table)
  if (!context) return
  const { log, abort, health } = context
  const { promise: stopping, resolve: stop } = Promise.withResolvers<void>()
  // Supervisors repeat theirs: that hurries nothing. Whoever presses Ctrl-C twice means it.
  process.on('SIGTERM', stop)
  // Ctrl-C reaches every process of the terminal: a worker waits for what its parent makes of it.
  if (context.worker === null) process.once('SIGINT', stop)
  else process.on('SIGINT', () => {})
  try {
    await using stack = new AsyncDisposableStack()
    stack.use(context.meters)
    if (context.tracing) stack.use(context.tracing)
    const role = context.worker !== null ? asWorker : context.workers > 0 ? asParent : alone
    await role(context, start, stack).catch((error) => linger(context, error, stopping))
    log.info('started')
    await stopping
    log.info('stopping')
    health.drain()
    abort.abort()
    await within(STOP_MS_MAX, stack.disposeAsync(), 'stopping')
    log.info('stopped')
    process.exitCode = 0
  } catch (error) {
    if (error instanceof SettingsError) refuseSettings(service, error)
    if (error instanceof WorkerEndedError) process.exit(error.code)
    if (error instanceof UnusableError) process.exit(1)
    context.crash(error)
  }
  // Whatever still holds the loop open (a socket in its close handshake) is not worth waiting for.
  process.exit()
}

/** Says it in one line; the operator port answers meanwhile. A signal ends the wait. @throws the error */
async function linger({ log, health }: Context<Table>, error: unknown, stopping: Promise<void>): Promise<never> {
  if (error instanceof UnusableError) {
    log.fatal(error.message)
    health.refuse(error.message)
    const ended = new AbortController()
    stopping.then(() => ended.abort())
    await pause(LINGER_MS, ended.signal)
  }
  throw error
}

type Start<T extends Table> = (context: Context<T>) => Promise<AsyncDisposable>

/** The only process of its service here. */
async function alone<T extends Table>(context: Context<T>, start: Start<T>, stack: AsyncDisposableStack) {
  await openPort(context, context.meters, stack)
  stack.use(await start(context))
}

/** One of several: its parent has the operator port, and is told what it needs for that. */
async function asWorker<T extends Table>(context: Context<T>, start: Start<T>, stack: AsyncDisposableStack) {
  const link = stack.use(answerParent(context))
  context.log.info({ id: context.id }, 'starting')
  stack.use(await start(context))
  await link.ready()
}

/** Starts the others and watches them. */
async function asParent<T extends Table>(context: Context<T>, _start: Start<T>, stack: AsyncDisposableStack) {
  const workers = new Workers(context)
  await openPort(context, { text: () => workers.metrics() }, stack)
  stack.use(workers)
  await workers.start()
}

async function openPort<T extends Table>(
  { settings, health, log, id }: Context<T>,
  meters: Pick<Meters, 'text'>,
  stack: AsyncDisposableStack,
) {
  const { OPERATOR_HOST: host, OPERATOR_PORT: port } = settings as { OPERATOR_HOST: string; OPERATOR_PORT: number }
  const operator = stack.use(await openOperatorPort({ host, port, health, meters }))
  log.info({ operator_port: operator.port, id }, 'starting')
}

function refuseSettings(service: string, { problems }: SettingsError): never {
  process.stderr.write(`${service}: ${problems.join(`\n${service}: `)}\n`)
  process.exit(2)
}

const isTraced = (env: ReturnType<typeof environment>): boolean => (env.OTEL_EXPORTER_OTLP_ENDPOINT ?? '') !== ''

async function readContext<T extends Table>(service: string, table: T) {
  const crash = (error: unknown) => {
    context?.log.fatal({ error: String(error), stack: error instanceof Error ? error.stack : undefined }, 'crashed')
    process.exit(1)
  }
  process.on('uncaughtException', crash)
  process.on('unhandledRejection', crash)
  let context: (Context<T> & { readonly abort: AbortController }) | undefined
  try {
    const env = environment()
    // Loaded only where traces go somewhere: the SDK costs memory and time that nobody else should pay.
    const sdk = isTraced(env) ? await import('./tracing-sdk.ts') : undefined
    context = createContext(service, table, {
      env,
      crash,
      worker: thisWorker(),
      ...(sdk && { createTracing: sdk.createTracing }),
    })
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    refuseSettings(service, error)
  }
  return context
}
