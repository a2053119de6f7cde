import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type OnLine, startChild } from '@switchboard/testkit/child'

export interface Outcome {
  /** Null when it was ended at the deadline. */
  readonly code: number | null
  readonly lines: readonly string[]
}

export interface CommandOptions {
  readonly secondsMax: number
  /** Ends the command when it has printed nothing for so long. */
  readonly silentSecondsMax?: number
  readonly onLine?: OnLine
}

/** Runs a program to its end, bounded in time. A program that cannot be started counts as code 127. */
export async function runCommand(command: readonly string[], options: CommandOptions): Promise<Outcome> {
  const [file = '', ...args] = command
  let heard = Date.now()
  const onLine: OnLine = (line, from) => {
    heard = Date.now()
    options.onLine?.(line, from)
  }
  const since = heard
  try {
    await using child = await startChild({ name: file, command: file, args, onLine })
    const watch = setInterval(() => {
      const silent = Date.now() - heard > (options.silentSecondsMax ?? options.secondsMax) * 1000
      if (silent || Date.now() - since > options.secondsMax * 1000) child.kill('SIGKILL')
    }, 250)
    const { code } = await child.exited
    clearInterval(watch)
    return { code, lines: child.tail() }
  } catch (error) {
    return { code: 127, lines: [error instanceof Error ? error.message : String(error)] }
  }
}

/** Where a program is on PATH. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  for (const directory of path.split(delimiter)) {
    const file = join(directory, name)
    try {
      accessSync(file, constants.X_OK)
      return file
    } catch {
      // not in this directory
    }
  }
  return undefined
}
