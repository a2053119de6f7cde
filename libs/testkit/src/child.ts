import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

const TAIL_LINES = 40
const STOP_SECONDS_MAX = 15

export type OnLine = (line: string, from: 'stdout' | 'stderr') => void

export interface ChildOptions {
  /** How messages call it. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** On top of this process's own environment. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly onLine?: OnLine
  /** From SIGTERM to SIGKILL; 15 when left out. */
  readonly stopSecondsMax?: number
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * A process that this one started and answers for. Its standard input is a pipe that closes when this process dies, however it
 * dies: what is started must end then (`embedded --with-parent`, `with-parent.ts`). It leads a process group of its own, so
 * Ctrl-C in the terminal reaches only us and everything is stopped in order.
 */
export interface Child extends AsyncDisposable {
  readonly name: string
  readonly pid: number
  readonly exited: Promise<Exit>
  readonly running: boolean
  /** The last lines it printed, for a message about its end. */
  tail(): readonly string[]
  /** To its standard input. Nothing happens once it has ended. */
  write(text: string): void
  /** To the process and whatever it started. */
  kill(signal: NodeJS.Signals): void
  /** SIGTERM, then SIGKILL after the deadline; resolves when it is gone. */
  stop(): Promise<Exit>
  /** Closes its standard input: to a disposable server, the word that nobody needs its data any more. */
  release(): Promise<Exit>
}

/** Starts a process. Rejects with one sentence when the command cannot be run. */
export async function startChild(options: ChildOptions): Promise<Child> {
  const child = spawn(options.command, options.args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) => reject(new Error(`cannot start ${options.name}: ${error.message}`)))
  })
  return track(child, options)
}

function track(child: ChildProcess & { stdout: Readable; stderr: Readable }, options: ChildOptions): Child {
  const pid = child.pid ?? 0
  const lines: string[] = []
  const onLine: OnLine = (line, from) => {
    lines.push(line)
    if (lines.length > TAIL_LINES) lines.shift()
    options.onLine?.(line, from)
  }
  createInterface({ input: child.stdout }).on('line', (line) => onLine(line, 'stdout'))
  createInterface({ input: child.stderr }).on('line', (line) => onLine(line, 'stderr'))
  child.stdin?.on('error', () => {}) // the pipe of a process that ended; `exited` reports the end
  live.add(pid)
  killLeftoversAtExit()
  let running = true
  const exited = new Promise<Exit>((resolve) => {
    // `close` comes after the last line of output, `exit` may come before it.
    child.once('close', (code, signal) => {
      running = false
      live.delete(pid)
      resolve({ code, signal })
    })
  })
  const kill = (signal: NodeJS.Signals) => {
    if (running) signalGroup(pid, signal)
  }
  const ended = async () => {
    const deadline = setTimeout(() => kill('SIGKILL'), (options.stopSecondsMax ?? STOP_SECONDS_MAX) * 1000)
    const exit = await exited
    clearTimeout(deadline)
    return exit
  }
  const stop = () => {
    // The child alone: whoever has children of its own stops them in its own order.
    if (running) child.kill('SIGTERM')
    return ended()
  }
  const release = () => {
    child.stdin?.end()
    return ended()
  }
  return {
    name: options.name,
    pid,
    exited,
    get running() {
      return running
    },
    tail: () => lines,
    write: (text) => {
      if (running) child.stdin?.write(text)
    },
    kill,
    stop,
    release,
    [Symbol.asyncDispose]: async () => {
      await stop()
    },
  }
}

const live = new Set<number>()
let watching = false

// The last line of defence, for a process that ends without disposing: nothing may outlive it.
function killLeftoversAtExit(): void {
  if (watching) return
  watching = true
  process.on('exit', () => {
    for (const pid of live) signalGroup(pid, 'SIGKILL')
  })
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
