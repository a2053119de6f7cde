import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SetupError } from '../system/setup-error.ts'
import { heading, ROOT, runStage } from './stage.ts'

export interface Ring {
  readonly title: string
  readonly patterns: readonly string[]
  /** For each single test. */
  readonly secondsMax: number
  readonly minutesMax: number
  /** Test files at the same time. */
  readonly concurrency: number
}

const CORES = availableParallelism()

export const UNIT: Ring = {
  title: 'tidy and unit tests',
  patterns: [
    'test/tidy/*.test.ts',
    'libs/**/src/**/*.test.ts',
    'services/*/src/**/*.test.ts',
    'web/src/**/*.test.ts',
    'tools/**/*.test.ts',
  ],
  secondsMax: 60,
  minutesMax: 5,
  concurrency: CORES,
}

export const SERVICE: Ring = {
  title: 'each service and library against real servers',
  patterns: ['libs/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts'],
  secondsMax: 180,
  minutesMax: 12,
  concurrency: CORES,
}

export const SYSTEM: Ring = {
  title: 'the whole system',
  patterns: ['test/flow/**/*.test.ts', 'test/browser/**/*.test.ts'],
  secondsMax: 240,
  minutesMax: 15,
  // Each of these starts all services; more of them at once measure only each other.
  concurrency: Math.max(1, Math.floor(CORES / 4)),
}

export interface Counts {
  tests: number
  suites: number
  passed: number
  failed: number
  cancelled: number
  skipped: number
  todo: number
}

/** The test files of a ring, of which `filter` names a part: `services/edge`, or one file. */
export function filesOf(ring: Ring, filter: readonly string[]): string[] {
  const files = globSync([...ring.patterns], { cwd: ROOT, exclude: (path) => path.includes('node_modules') })
  return files.filter((file) => filter.length === 0 || filter.some((part) => file.includes(part))).sort()
}

/** @throws SetupError when a test fails, is skipped, or the ring holds no test at all. */
export async function runRing(ring: Ring, files: readonly string[], env: Record<string, string> = {}): Promise<Counts> {
  heading(`${ring.title}: ${files.length} files`)
  const directory = mkdtempSync(join(tmpdir(), 'switchboard-counts-'))
  const countsPath = join(directory, 'counts.json')
  try {
    const args = [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${ring.concurrency}`,
      `--test-timeout=${ring.secondsMax * 1000}`,
      '--test-reporter=spec',
      '--test-reporter-destination=stdout',
      `--test-reporter=${join(ROOT, 'tools/testing/count-reporter.ts')}`,
      `--test-reporter-destination=${countsPath}`,
      ...files,
    ]
    const code = await runStage({ args, env, minutesMax: ring.minutesMax })
    const counts = JSON.parse(readFileSync(countsPath, 'utf8')) as Counts
    if (code !== 0)
      throw new SetupError(`${ring.title}: ${counts.failed + counts.cancelled} of ${counts.tests} tests failed`)
    if (counts.tests === 0) throw new SetupError(`${ring.title}: the files hold no test`)
    if (counts.skipped + counts.todo > 0)
      throw new SetupError(`${ring.title}: tests are never skipped or left to do here`)
    return counts
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The sum, in the form that tools read. */
export function printCounts(all: readonly Counts[]): void {
  const total = (key: keyof Counts) => all.reduce((sum, counts) => sum + counts[key], 0)
  console.log(
    `\n# tests ${total('tests')}\n# suites ${total('suites')}\n# pass ${total('passed')}\n# fail ${total('failed')}`,
  )
  console.log(`# cancelled ${total('cancelled')}\n# skipped ${total('skipped')}\n# todo ${total('todo')}`)
}
