import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { SetupError } from '../system/setup-error.ts'
import { heading, ROOT, runStage } from './stage.ts'

export interface Ring {
  readonly title: string
  readonly patterns: readonly string[]
  /** Beginnings of paths that the patterns match and that belong elsewhere. */
  readonly except?: readonly string[]
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
    'web/widget/**/*.test.ts',
    'web/console/**/*.test.ts',
    'tools/**/*.test.ts',
    'bench/**/*.test.ts',
    'test/fault/**/*.test.ts',
  ],
  // What needs the whole system under fault is a ring of its own.
  except: ['test/fault/scenarios/', 'test/fault/harness/'],
  secondsMax: 60,
  minutesMax: 5,
  concurrency: CORES,
}

export const SERVICE: Ring = {
  title: 'each service and library against real servers',
  patterns: ['libs/*/test/**/*.test.ts', 'services/*/test/**/*.test.ts'],
  secondsMax: 300,
  minutesMax: 20,
  concurrency: CORES,
}

export const SYSTEM: Ring = {
  title: 'the whole system',
  patterns: ['test/flow/**/*.test.ts', 'test/browser/**/*.test.ts'],
  secondsMax: 400,
  minutesMax: 20,
  // Each of these starts all services; more of them at once measure only each other.
  concurrency: Math.max(1, Math.floor(CORES / 4)),
}

/** What tests under fault stand on: that the world does what it says, and that bots write down what they saw. Runs once. */
export const HARNESS: Ring = {
  title: 'the fault harness itself',
  patterns: ['test/fault/harness/**/*.test.ts'],
  secondsMax: 400,
  minutesMax: 10,
  concurrency: Math.max(1, Math.floor(CORES / 4)),
}

/** Runs once, whatever the servers of the other rings: a NATS cluster and proxies of its own stand behind each test. */
export const FAULT: Ring = {
  title: 'the promises, under faults',
  patterns: ['test/fault/scenarios/**/*.test.ts'],
  secondsMax: 400,
  // Less than eight minutes on a quiet machine; what shares its cores with others has needed twice that, and is slow, not wrong.
  minutesMax: 25,
  concurrency: Math.max(1, Math.floor(CORES / 4)),
}

/** Needs Go and promtool: where these are not, it is left out and said so. */
export const CHARTS: Ring = {
  title: 'the chart',
  patterns: ['test/charts/**/*.test.ts'],
  secondsMax: 120,
  minutesMax: 10,
  concurrency: CORES,
}

/** Needs Go and Prometheus: where these are not, it is left out and said so. */
export const OBSERVE: Ring = {
  title: 'traces and metrics, in a real collector and a real Prometheus',
  patterns: ['test/observe/**/*.test.ts'],
  secondsMax: 240,
  minutesMax: 10,
  // Each of these starts all services.
  concurrency: Math.max(1, Math.floor(CORES / 4)),
}

/** Measures costs, so nothing else may run meanwhile: it is left out and said so where the machine may have other work. */
export const GUARD: Ring = {
  title: 'costs against those that were recorded',
  patterns: ['test/guard/**/*.test.ts'],
  secondsMax: 180,
  minutesMax: 10,
  concurrency: 1,
}

/** Needs Docker, and base images: where these are not, it is left out and said so. */
export const IMAGES: Ring = {
  title: 'the images',
  patterns: ['test/images/**/*.test.ts'],
  // The first one waits until all are built.
  secondsMax: 900,
  minutesMax: 18,
  concurrency: 1,
}

/** Needs a cluster that answers, with our images: where there is none, it is left out and said so. */
export const CLUSTER: Ring = {
  title: 'the chart on a cluster',
  patterns: ['test/cluster/**/*.test.ts'],
  secondsMax: 1_200,
  minutesMax: 21,
  concurrency: 1,
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
  const belongs = (file: string) => !ring.except?.some((beginning) => file.startsWith(beginning))
  const isWanted = (file: string) => filter.length === 0 || filter.some((part) => file.includes(part))
  return files.filter((file) => belongs(file) && isWanted(file)).sort()
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
