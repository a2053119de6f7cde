import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkHistory } from '@switchboard/testkit/history/check'
import { ANSWERED, HANDED_OVER } from '@switchboard/testkit/history/counts-desk'
import { readJournal } from '@switchboard/testkit/history/journal'
import { latencies } from '@switchboard/testkit/history/latencies'
import { DESK_KEY, makeDesk } from './bots/desk-make.ts'
import { type BotsOptions, startBots } from './bots/processes.ts'
import { chooseFaults } from './faults.ts'
import type { FaultKind } from './faults-kind.ts'
import { directNats } from './nats-direct.ts'
import { unleash } from './nemesis.ts'
import { type Mode, type Plan, planFaults } from './plan.ts'
import { formatPlan, formatReport, isPassed, type RunReport } from './report.ts'
import { RunJournal } from './run-journal.ts'
import { type Cast, calmDown, readTheEnd, recoveryProblems, warmUp } from './run-phases.ts'
import { phonesOf, writePushes } from './run-pushes.ts'
import { requiredOf } from './run-required.ts'
import { type Counters, countStates } from './states.ts'
import { startWorld, type WorldOptions } from './world.ts'
import { withDesks } from './world-desks.ts'

/** Enough for every state to be reached, and little enough for two runs on two cores. */
const CROWD = { processes: 2, users: 16, rooms: 6, operationsPerSecond: 10 }
const PHONES = 6
/** A few people of a desk among the others, and a bot that answers first. */
const DESK = { desk: 'desk', key: DESK_KEY, agents: 4, bots: 1, visitors: 8, capacity: 2 }

export interface FaultRunOptions {
  readonly seed: number
  readonly minutes: number
  readonly mode?: Mode
  /** Names of faults; all of the mode when left out. */
  readonly only?: readonly string[]
  readonly world?: WorldOptions
  readonly bots?: Partial<Pick<BotsOptions, 'processes' | 'users' | 'rooms' | 'operationsPerSecond' | 'rates'>>
  readonly log?: (line: string) => void
  /** Keeps journals and logs also of a run that passed. */
  readonly keep?: boolean
  readonly signal?: AbortSignal
}

export interface FaultRunResult {
  readonly passed: boolean
  readonly report: RunReport
  /** Journals and logs, where they were kept. */
  readonly directory?: string
}

/** The faults that a run with these options may do, and when it will. */
export function planRun({ seed, minutes, mode = 'safety', only }: FaultRunOptions): {
  plan: Plan
  kinds: readonly FaultKind[]
} {
  const kinds = chooseFaults(mode, only)
  return { plan: planFaults({ seed, minutes, mode, faults: kinds }), kinds }
}

/**
 * The whole of it: a world, bots, faults while they work, everything healed, the end read, and what all of them saw held against
 * the promises. A run that fails keeps its journals and logs.
 */
export async function faultRun(options: FaultRunOptions): Promise<FaultRunResult> {
  const { seed, log = () => {} } = options
  const { plan, kinds } = planRun(options)
  log(formatPlan(plan, kinds))
  const directory = await mkdtemp(join(tmpdir(), `switchboard-fault-${seed}-`))
  const place: Place = {
    options,
    plan,
    kinds,
    log,
    journalDir: join(directory, 'journal'),
    logDir: join(directory, 'logs'),
  }
  await Promise.all([mkdir(place.journalDir), mkdir(place.logDir)])
  let passed = false
  try {
    const report = await judge(place, await play(place))
    passed = isPassed(report)
    log(formatReport(report))
    return { passed, report, ...(passed && !options.keep ? {} : { directory }) }
  } finally {
    if (passed && !options.keep) await rm(directory, { recursive: true, force: true })
    else log(`journals and logs: ${directory}`)
  }
}

interface Place {
  readonly options: FaultRunOptions
  readonly plan: Plan
  readonly kinds: readonly FaultKind[]
  readonly log: (line: string) => void
  readonly journalDir: string
  readonly logDir: string
}

/** What happened, beyond what is in the journals. */
interface Played {
  readonly problems: readonly string[]
  readonly before: Counters
  readonly after: Counters
  readonly faultsMs: { readonly fromMs: number; readonly toMs: number }
}

async function play(place: Place): Promise<Played> {
  const { options, plan, log } = place
  await using stack = new AsyncDisposableStack()
  log('starting the world…')
  const world = stack.use(await startWorld({ ...withDesks(options.world), logDir: place.logDir }))
  await makeDesk(world.url, DESK.desk)
  const bots = stack.use(
    await startBots({
      ...CROWD,
      desk: DESK,
      ...options.bots,
      dir: place.journalDir,
      seed: plan.seed,
      url: world.url,
      edgeUrls: world.edgeUrls,
      phones: phonesOf(world.push, PHONES),
      report: log,
    }),
  )
  const journal = new RunJournal(join(place.journalDir, 'run.jsonl'))
  const cast = { world, bots, journal, desks: [DESK.desk] }
  bots.start()
  await warmUp(cast)
  const before = await world.counters()
  const fromMs = journal.nowMs()
  await torment(place, cast)
  const toMs = journal.nowMs()
  log('healed')
  const problems = await calmDown(cast, log)
  log('reading the end')
  problems.push(...(await readTheEnd(cast, join(place.journalDir, 'final.jsonl'))))
  const after = await world.counters()
  problems.push(...writePushes(world.push, journal))
  await bots.quit()
  const dead = world.deaths.map(
    ({ name, how, lastLines }) => `${name} ended by itself (${how}):\n${lastLines.slice(-5).join('\n')}`,
  )
  return { problems: [...problems, ...dead], before, after, faultsMs: { fromMs, toMs } }
}

/** The faults, one line in the journal and on the terminal for the beginning and the end of each. */
async function torment({ options, plan, kinds, log }: Place, { world, bots, journal }: Cast): Promise<void> {
  await unleash({
    plan,
    kinds,
    ...(options.signal && { signal: options.signal }),
    stage: {
      world,
      push: world.push,
      nats: directNats(world),
      killClients: async (dice) => {
        const killing = bots.kill(dice.pick(bots.names))
        // Awaited when the fault is healed; until then its failure must not end this process as unhandled.
        killing.catch(() => {})
        return () => killing
      },
    },
    told: ({ id, name, target }, phase) => {
      journal.write({ type: 'fault', id, phase, name, target })
      log(`${id} ${phase === 'begin' ? 'begins' : 'is healed'}: ${name} on ${target}`)
    },
  })
}

/** Reads the journals and holds them against the promises. */
async function judge({ plan, kinds, journalDir, options }: Place, played: Played): Promise<RunReport> {
  const seen = await readJournal(journalDir)
  const states = countStates(played, seen.records)
  const journal = new RunJournal(join(journalDir, 'states.jsonl'))
  for (const [name, count] of states) journal.write({ type: 'state', name, count })
  const { records, torn } = await readJournal(journalDir)
  const killed = records.filter((record) => record.type === 'fault' && record.name === 'kill-clients').length
  const verdict = checkHistory(records, {
    required: [...requiredOf(plan, kinds), ANSWERED, HANDED_OVER],
    torn: { lines: torn, allowed: killed },
  })
  const problems = [...played.problems, ...recoveryProblems(records, { plan, ...played.faultsMs })]
  if (options.signal?.aborted) problems.push('the run was called off')
  return { plan, verdict, states, latencies: latencies(records), problems }
}
