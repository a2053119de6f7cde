import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { SetupError } from '../system/setup-error.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface StageOptions {
  readonly args: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly minutesMax: number
}

let running: ChildProcess | undefined

/** Runs a script under this Node with the terminal as its output. Resolves with its exit code. */
export async function runStage(options: StageOptions): Promise<number> {
  // In a group of its own: what it starts can be ended with it.
  const child = spawn(process.execPath, options.args, {
    cwd: options.cwd ?? ROOT,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  running = child
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    endStage('SIGKILL')
  }, options.minutesMax * 60_000)
  const code = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? 1)))
  clearTimeout(late)
  running = undefined
  if (isLate) throw new SetupError(`this stage took longer than ${options.minutesMax} minutes and was ended`)
  return code
}

/** Ends the stage that runs now, with everything it started. */
export function endStage(signal: NodeJS.Signals): void {
  if (running?.pid === undefined) return
  try {
    process.kill(-running.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

export function heading(text: string): void {
  console.log(`\n── ${text} ${'─'.repeat(Math.max(4, 100 - text.length))}`)
}
