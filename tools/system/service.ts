import { fileURLToPath } from 'node:url'
import { type Child, type Exit, type OnLine, startChild } from '@switchboard/testkit/child'
import { freePort } from '@switchboard/testkit/ports'
import { openLogFile } from './log-file.ts'
import { readable } from './log-lines.ts'

export type ServiceName = 'storage' | 'router' | 'notifier' | 'edge'

const WITH_PARENT = new URL('with-parent.ts', import.meta.url).href
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const READY_SECONDS_MAX = 60
const REPORT_SECONDS = 5
const PAUSE_MS = 50

export interface ServiceOptions {
  /** How messages and the log file call it: `edge`, or `edge-2` for a second one. */
  readonly label: string
  readonly env: Readonly<Record<string, string>>
  readonly logDir: string
  /** Called with what a person should see: warnings, and what is being waited for. */
  readonly report: (line: string) => void
  /** From SIGTERM to SIGKILL. */
  readonly stopSecondsMax?: number
  /** Modules (URLs) that Node loads before the service: a test's own clock, a fault in the code. */
  readonly imports?: readonly string[]
}

/** One running process of a service, which a test may kill and start again. */
export interface ServiceProcess extends AsyncDisposable {
  readonly service: ServiceName
  readonly label: string
  /** The operator port: /live, /ready and /metrics. The same after a restart. */
  readonly operatorUrl: string
  readonly pid: number
  readonly running: boolean
  /** The end of the process that runs now. */
  readonly exited: Promise<Exit>
  /** The last lines of its output. */
  tail(): readonly string[]
  /** At once and without notice to anybody: SIGKILL for a crash, SIGSTOP for a long pause. */
  kill(signal: NodeJS.Signals): void
  /** As Kubernetes does it: SIGTERM, and SIGKILL after the deadline. */
  stop(): Promise<Exit>
  /** A new process with the same settings; resolves when it is ready. Stops the old one first, if it still runs. */
  restart(): Promise<void>
  /** The first half of `restart`: the new process runs, and is not ready yet. */
  relaunch(): Promise<void>
  /** Resolves when /ready answers 200; throws one sentence when the process ends before or takes too long. */
  ready(signal?: AbortSignal): Promise<void>
}

export async function startService(service: ServiceName, options: ServiceOptions): Promise<ServiceProcess> {
  const operatorPort = await freePort()
  const operatorUrl = `http://127.0.0.1:${operatorPort}`
  const log = openLogFile(options.logDir, options.label)
  const onLine: OnLine = (line) => {
    log.write(line)
    const shown = readable(options.label, line)
    if (shown) options.report(shown)
  }
  const imports = [WITH_PARENT, ...(options.imports ?? [])].flatMap((url) => ['--import', url])
  const launch = () =>
    startChild({
      name: options.label,
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', ...imports, `services/${service}/src/main.ts`],
      cwd: ROOT,
      env: { ...options.env, OPERATOR_HOST: '127.0.0.1', OPERATOR_PORT: String(operatorPort) },
      onLine,
      ...(options.stopSecondsMax !== undefined && { stopSecondsMax: options.stopSecondsMax }),
    })
  let child = await launch()
  const ready = (signal?: AbortSignal) => untilReady(child, { operatorUrl, report: options.report, signal })
  const relaunch = async () => {
    await child.stop()
    child = await launch()
  }
  return {
    service,
    label: options.label,
    operatorUrl,
    get pid() {
      return child.pid
    },
    get running() {
      return child.running
    },
    get exited() {
      return child.exited
    },
    tail: () => child.tail(),
    kill: (signal) => child.kill(signal),
    stop: () => child.stop(),
    restart: async () => {
      await relaunch()
      await ready()
    },
    relaunch,
    ready,
    [Symbol.asyncDispose]: async () => {
      await child.stop()
      log[Symbol.dispose]()
    },
  }
}

interface Waiting {
  readonly operatorUrl: string
  readonly report: (line: string) => void
  readonly signal: AbortSignal | undefined
}

async function untilReady(child: Child, { operatorUrl, report, signal }: Waiting): Promise<void> {
  const since = Date.now()
  let reported = since
  let reason = 'it has not answered yet'
  for (;;) {
    signal?.throwIfAborted()
    if (!child.running) throw new Error(`${child.name} ended before it was ready: ${lastWords(child)}`)
    const answer = await askReady(operatorUrl)
    if (answer === true) return
    reason = answer ?? reason
    const seconds = Math.round((Date.now() - since) / 1000)
    if (seconds >= READY_SECONDS_MAX) throw new Error(`${child.name} is not ready after ${seconds} s: ${reason}`)
    if (Date.now() - reported >= REPORT_SECONDS * 1000) {
      reported = Date.now()
      report(`… waiting for ${child.name} (${seconds} s): ${reason}`)
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

async function askReady(operatorUrl: string): Promise<true | string | undefined> {
  try {
    const response = await fetch(`${operatorUrl}/ready`, { signal: AbortSignal.timeout(2000) })
    const text = await response.text()
    return response.ok || text.trim()
  } catch {
    return undefined // not listening yet
  }
}

function lastWords(child: Child): string {
  const shown = child.tail().flatMap((line) => readable(child.name, line) ?? [])
  return shown.slice(-3).join(' | ') || 'it said nothing'
}
