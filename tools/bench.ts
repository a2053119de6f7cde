/** `npm run bench [-- name… --pairs 5 --seconds 10 --record]`: what things cost, each beside its limit. See bench/README.md. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BENCHES } from '../bench/benches.ts'
import { GUARD_FILE, type GuardRecord, ratiosOf, readGuardRecords, withGuardRecord } from '../bench/guard/records.ts'
import { guard, guardPairs } from '../bench/guard.ts'
import { printed, type Table } from '../bench/measure/table.ts'
import { VoidRunError } from '../bench/measure/void-run.ts'
import { type BenchRecord, machineHere, type Recorded, withRecords } from '../bench/record.ts'
import { startGround } from '../bench/stage.ts'
import { describeError, SetupError } from './system/setup-error.ts'
import { onStopSignal } from './system/stop-signals.ts'
import { ROOT } from './testing/stage.ts'

const RESULTS = join(ROOT, 'bench/results')
const RECORD = join(ROOT, 'docs/performance.json')
const PAIRS = 5
const SECONDS = 10

const ended = new AsyncDisposableStack()
const stopped = Promise.withResolvers<'stopped'>()
onStopSignal(() => stopped.resolve('stopped'))

interface Wish {
  readonly names: readonly string[]
  readonly pairs: number
  readonly seconds: number
  readonly scale: number
  readonly record: boolean
}

function readWish(): Wish {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      pairs: { type: 'string', default: String(PAIRS) },
      seconds: { type: 'string', default: String(SECONDS) },
      scale: { type: 'string', default: '1' },
      record: { type: 'boolean', default: false },
    },
  })
  const [pairs, seconds, scale] = [values.pairs, values.seconds, values.scale].map(Number)
  const known = BENCHES.map(({ name }) => name)
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new SetupError(`there is no bench ${unknown}: there are ${known.join(', ')}`)
  if (!(pairs && Number.isInteger(pairs) && pairs > 0)) throw new SetupError('--pairs is a whole number from 1 on')
  if (!(seconds && seconds > 0)) throw new SetupError('--seconds is a number above 0')
  if (!(scale && scale > 0)) throw new SetupError('--scale is a number above 0')
  if (values.record && (scale !== 1 || pairs < PAIRS))
    throw new SetupError(`what is recorded has the full size and at least ${PAIRS} pairs`)
  return { names: positionals, pairs, seconds, scale, record: values.record }
}

/** Of the sources that are measured; with a `+` when they are not as they were committed. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  const isChanged = git('status', '--porcelain', '--', 'bench', 'libs', 'services', 'tools') !== ''
  return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? '+' : ''}`
}

async function run(): Promise<number> {
  const { names, record, ...sizes } = readWish()
  const report = (line: string) => console.log(`  ${line}`)
  const ground = ended.use(await startGround(report))
  const results: Record<string, readonly Table[]> = {}
  const without: Record<string, string> = {}
  const at = new Date().toISOString()
  const facts = { at, commit: commit(), servers: ground.servers.kind, machine: machineHere() }
  const made = { ...facts, ...sizes, results, without }
  const path = join(RESULTS, `${at.replaceAll(':', '-')}.json`)
  for (const bench of chosen(names)) {
    console.log(`\n── ${bench.name}: ${bench.about}`)
    try {
      const tables = await bench.run({ ...sizes, ground, report })
      results[bench.name] = tables
      for (const table of tables) console.log(`\n${printed(table).join('\n')}`)
    } catch (error) {
      // The others do not depend on it, and have figures of their own.
      const isVoid = error instanceof VoidRunError
      without[bench.name] = isVoid ? error.message : describeError(error)
      console.log(`\n${isVoid ? 'VOID' : 'FAILED'} ${bench.name}: ${without[bench.name]}`)
    }
    save(path, made)
  }
  console.log(`\nwritten: ${path.slice(ROOT.length)}`)
  if (record) keep({ ...facts, pairs: sizes.pairs, seconds: sizes.seconds }, results)
  return Object.keys(without).length === 0 ? 0 : 1
}

/** Those that were named; of nothing named, all but what is run by hand. */
const chosen = (names: readonly string[]) =>
  BENCHES.filter(({ name, isByHand = false }) => (names.length === 0 ? !isByHand : names.includes(name)))

/** Each bench that came through: a void one keeps the record that it has. The guard's ratios are for the tests, not for readers. */
function keep(facts: Omit<BenchRecord, 'tables'>, results: Readonly<Record<string, readonly Table[]>>): void {
  const { [guard.name]: guarded, ...others } = results
  if (guarded) {
    const { at, commit, machine, servers } = facts
    const pairs = guardPairs(facts.pairs)
    const one: GuardRecord = { servers, machine, at, commit, pairs, ratios: ratiosOf(guarded) }
    save(join(ROOT, GUARD_FILE), withGuardRecord(readGuardRecords(), one))
  }
  if (Object.keys(others).length === 0) return
  const before: Recorded = existsSync(RECORD) ? JSON.parse(readFileSync(RECORD, 'utf8')) : { benches: {} }
  const made = Object.entries(others).map(([name, tables]) => [name, { ...facts, tables }] as const)
  save(RECORD, withRecords(before, Object.fromEntries(made)))
  console.log(`recorded: ${Object.keys(others).join(', ')}; npm run docs brings it into docs/performance.md`)
}

function save(path: string, made: object): void {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, `${JSON.stringify(made, null, 2)}\n`)
}

let code = 130
try {
  const outcome = await Promise.race([run(), stopped.promise])
  if (outcome !== 'stopped') code = outcome
} catch (error) {
  console.error(`switchboard: ${describeError(error)}`)
  code = 1
}
await ended.disposeAsync()
process.exit(code)
