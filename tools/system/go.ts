import { runCommand } from './command.ts'
import { SetupError } from './setup-error.ts'

const BUILD_SECONDS_MAX = 1_200

/** Runs Go without C. @returns what it printed. @throws SetupError in a sentence. */
export const runGo = (args: readonly string[]): Promise<readonly string[]> =>
  runSetup(['env', 'CGO_ENABLED=0', 'go', ...args])

/** Builds a program out of a Go module of ours: its own, or the tool that its go.mod names. */
export async function buildProgram(options: {
  readonly source: string
  readonly out: string
  readonly what: '.' | 'tool'
}) {
  const { source, out, what } = options
  await runGo(['build', '-C', source, '-trimpath', '-ldflags', '-s -w', '-o', out, what])
}

/** Runs a program that prepares something, to its end. */
export async function runSetup(command: readonly string[]): Promise<readonly string[]> {
  const said: string[] = []
  const onLine = (line: string, from: string) => void (from === 'stdout' && said.push(line))
  const { code, lines } = await runCommand(command, { secondsMax: BUILD_SECONDS_MAX, onLine })
  if (code === 0) return said
  throw new SetupError(`${command.join(' ')} failed: ${lines.slice(-5).join(' ')}`)
}
