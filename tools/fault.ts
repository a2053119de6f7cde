/** `pnpm fault --seed N --minutes M`: the real system under random faults, and whether it kept its promises. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { deskRun } from '../test/fault/desk-run.ts'
import { FAULTS } from '../test/fault/faults.ts'
import type { Mode } from '../test/fault/plan.ts'
import { EMPTY_TABLE, mergeRun } from '../test/fault/report.ts'
import { type FaultRunResult, faultRun } from '../test/fault/run.ts'
import type { FaultTable } from './docs-faults.ts'
import { describeError, SetupError } from './system/setup-error.ts'
import { onStopSignal } from './system/stop-signals.ts'

const TABLE = fileURLToPath(new URL('../docs/faults.json', import.meta.url))
const MINUTES_MAX = 600
/** For each of entering, answering and coming to rest: two quiet cores take 5,000 visitors in half of this. */
const DESK_SECONDS_MAX = 900

const HELP = `pnpm fault [options]
  --seed N        what decides everything; a random one when left out
  --minutes M     how long faults go on (3)
  --mode MODE     safety: faults that come and go; liveness: one that stays (safety)
  --only A,B      only these faults
  --runs K        seeds N to N+K-1, one after another (1)
  --keep          keeps journals and logs also of a run that passed
  --record        adds what clients felt to docs/faults.json
  --list          the faults that there are
  --desk          one desk instead, on which all wait before anybody answers, then routers, NATS and agents are killed
  --agents N      of that desk (200)
  --visitors N    of that desk (5000)
  --watching N    agents who follow the whole desk (10); the others know of their own conversations`

function readOptions() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string', default: '3' },
      mode: { type: 'string', default: 'safety' },
      only: { type: 'string', default: '' },
      runs: { type: 'string', default: '1' },
      keep: { type: 'boolean', default: false },
      record: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      desk: { type: 'boolean', default: false },
      agents: { type: 'string', default: '200' },
      visitors: { type: 'string', default: '5000' },
      watching: { type: 'string', default: '10' },
      help: { type: 'boolean', default: false },
    },
  })
  const { mode } = values
  if (mode !== 'safety' && mode !== 'liveness') throw new SetupError('--mode is safety or liveness')
  return {
    ...values,
    mode: mode as Mode,
    seed: numberOf('seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000)), { isWhole: true }),
    minutes: numberOf('minutes', values.minutes, { max: MINUTES_MAX }),
    runs: numberOf('runs', values.runs, { isWhole: true }),
    agents: numberOf('agents', values.agents, { isWhole: true, max: 500 }),
    visitors: numberOf('visitors', values.visitors, { isWhole: true, max: 10_000 }),
    watching: numberOf('watching', values.watching, { isWhole: true }),
    only: values.only.split(',').filter((name) => name !== ''),
  }
}

function numberOf(name: string, text: string, { isWhole = false, max = Number.MAX_SAFE_INTEGER }): number {
  const value = Number(text)
  const isFine = text !== '' && value >= 0 && value <= max && (!isWhole || Number.isInteger(value))
  if (!isFine) throw new SetupError(`--${name} ${text} is no ${isWhole ? 'whole ' : ''}number from 0 to ${max}`)
  return value
}

function listFaults(): void {
  for (const mode of ['safety', 'liveness'] as const) {
    console.log(`${mode}:`)
    for (const { name, listed, what, targets } of FAULTS[mode])
      console.log(`  ${name.padEnd(24)} ${listed.padEnd(4)} ${what} (${targets.length} targets)`)
  }
}

const readTable = (): FaultTable => (existsSync(TABLE) ? JSON.parse(readFileSync(TABLE, 'utf8')) : EMPTY_TABLE)
const writeTable = (table: FaultTable): void => writeFileSync(TABLE, `${JSON.stringify(table, null, 2)}\n`)

/** Written after each run, so that a long series leaves what it has. */
function record({ report }: FaultRunResult): void {
  const kinds = [...FAULTS.safety, ...FAULTS.liveness]
  writeTable(mergeRun(readTable(), report, kinds))
}

const since = (startMs: number): string => ((performance.now() - startMs) / 1_000).toFixed(1).padStart(6)

/** Conversations are short, so that the desk is what is measured and not the talking. */
async function runDesk({ seed, agents, visitors, watching, keep, record: isRecorded }: ReturnType<typeof readOptions>) {
  const startMs = performance.now()
  const { figures } = await deskRun({
    ...{ seed, agents, visitors, watching, keep, capacity: 5, processes: 2, secondsMax: DESK_SECONDS_MAX },
    // One of each where another one adds nothing here: the cores are for the desk.
    world: { counts: { storage: 1, notifier: 1 } },
    rates: {
      agentMs: 1_500,
      visitorMs: 8_000,
      arriveMs: visitors * 70,
      visits: 1,
      ignored: 0.03,
      declined: 0.02,
      returns: 0.004,
      saysWaiting: 0.005,
      leavesWaiting: 0.0005,
      deaths: 0.0005,
    },
    log: (line) => console.log(`[${since(startMs)}] ${line}`),
  })
  if (isRecorded) writeTable({ ...readTable(), desk: figures })
  return figures.verdict === 'pass'
}

/** @returns the seeds that failed. */
async function runAll(options: ReturnType<typeof readOptions>, signal: AbortSignal): Promise<number[]> {
  const { seed: first, runs, minutes, mode, only, keep } = options
  const failed: number[] = []
  for (let seed = first; seed < first + runs && !signal.aborted; seed += 1) {
    const startMs = performance.now()
    const log = (line: string) => console.log(`[${since(startMs)}] ${line}`)
    const passed = await faultRun({ seed, minutes, mode, only, keep, log, signal }).then(
      (result) => {
        if (options.record && result.passed) record(result)
        return result.passed
      },
      (error: unknown) => {
        console.error(`seed ${seed}: FAIL: ${describeError(error)}`)
        return false
      },
    )
    if (passed) continue
    failed.push(seed)
    const names = only.length > 0 ? ` --only ${only.join(',')}` : ''
    console.error(`again: pnpm fault --seed ${seed} --minutes ${minutes} --mode ${mode}${names}`)
  }
  return failed
}

const abort = new AbortController()
onStopSignal(() => {
  console.log('stopping: everything is healed and ended first…')
  abort.abort()
})
try {
  const options = readOptions()
  if (options.help) console.log(HELP)
  else if (options.list) listFaults()
  else if (options.desk) process.exitCode = (await runDesk(options)) ? 0 : 1
  else {
    const failed = await runAll(options, abort.signal)
    if (options.runs > 1) console.log(`${options.runs} runs, ${failed.length} failed ${failed.join(', ')}`)
    if (failed.length > 0) process.exitCode = 1
  }
} catch (error) {
  console.error(`switchboard: ${describeError(error)}\n\n${HELP}`)
  process.exitCode = 1
}
process.exit()
