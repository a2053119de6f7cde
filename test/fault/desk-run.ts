import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pause } from '@switchboard/runtime/deadline'
import { checkHistory } from '@switchboard/testkit/history/check'
import { DESK_REQUIRED, requeuedOfTheDead } from '@switchboard/testkit/history/counts-desk'
import { formatVerdict } from '@switchboard/testkit/history/format'
import { readJournal } from '@switchboard/testkit/history/journal'
import type { Verdict } from '@switchboard/testkit/history/verdict'
import type { DeskFigures } from '../../tools/docs-faults.ts'
import { DESK_KEY, makeDesk } from './bots/desk-make.ts'
import type { DeskRates } from './bots/desk-plan.ts'
import { openSources } from './bots/final-sources.ts'
import { type BotProcesses, startBots } from './bots/processes.ts'
import { bandsOf, offersOf } from './desk-figures.ts'
import { WorkWatch } from './desk-work.ts'
import { RunJournal } from './run-journal.ts'
import { type Cast, readTheEnd, untilQuiet } from './run-phases.ts'
import { type RunningWorld, startWorld, type WorldOptions } from './world.ts'
import { withDesks } from './world-desks.ts'
import type { NatsVictim, ServiceVictim } from './world-shape.ts'
import { until } from './world-until.ts'

export interface DeskRunOptions {
  readonly seed: number
  readonly agents: number
  readonly visitors: number
  readonly capacity: number
  /** Agents who follow the whole desk; all when left out. */
  readonly watching?: number
  readonly processes: number
  readonly rates?: Partial<DeskRates>
  readonly settings?: object
  readonly world?: WorldOptions
  /** Kills a process full of visitors and agents, too, which come back as the same agents. */
  readonly killsClients?: boolean
  readonly secondsMax: number
  readonly log?: (line: string) => void
  readonly keep?: boolean
}

export interface DeskRunResult {
  readonly figures: DeskFigures
  readonly verdict: Verdict
  readonly problems: readonly string[]
  readonly directory?: string
}

const DESK = 'desk'
/** A router that was killed is there again after this long, and a node of NATS. */
const GONE_MS = 4_000
const LOOK_MS = 500
const WORK_MS = 4_000
const BEGUN_MS = 3_000
/** Presence forgives an absence of twelve seconds, and a router that takes people over begins to count anew. */
const NOTICED_MS_MAX = 60_000
const BANDS = [
  [4_000, 5_000],
  [2_000, 4_000],
  [1_000, 2_000],
  [500, 1_000],
  [0, 500],
] as const

/**
 * One desk, and nothing else: all enter before anybody answers, then agents work, while routers, a leader of NATS and agents are
 * killed. It ends when nobody waits, and everything is held against what was promised.
 */
export async function deskRun(options: DeskRunOptions): Promise<DeskRunResult> {
  const directory = await mkdtemp(join(tmpdir(), `switchboard-desk-${options.seed}-`))
  const [journalDir, logDir] = [join(directory, 'journal'), join(directory, 'logs')]
  await Promise.all([mkdir(journalDir), mkdir(logDir)])
  const { log = () => {} } = options
  let passed = false
  try {
    const played = await play(options, { journalDir, logDir, log })
    const { records, torn } = await readJournal(journalDir)
    const killed = options.killsClients === true ? 1 : 0
    const verdict = checkHistory(records, { required: DESK_REQUIRED, torn: { lines: torn, allowed: killed } })
    const kept = records.find((record) => record.type === 'final-desk')
    passed = verdict.passed && played.problems.length === 0
    const figures: DeskFigures = {
      ...{ agents: options.agents, visitors: options.visitors, faults: played.faults },
      ...offersOf(kept?.type === 'final-desk' ? kept.events : []),
      bands: bandsOf(played.work, BANDS),
      verdict: passed ? 'pass' : 'FAIL',
    }
    for (const line of [
      formatVerdict(verdict),
      formatFigures(figures),
      ...played.problems.map((one) => `PROBLEM ${one}`),
    ])
      log(line)
    return { figures, verdict, problems: played.problems, ...(passed && !options.keep ? {} : { directory }) }
  } finally {
    if (passed && !options.keep) await rm(directory, { recursive: true, force: true })
    else log(`journals and logs: ${directory}`)
  }
}

interface Place {
  readonly journalDir: string
  readonly logDir: string
  readonly log: (line: string) => void
}

async function play(options: DeskRunOptions, { journalDir, logDir, log }: Place) {
  await using stack = new AsyncDisposableStack()
  const world = stack.use(await startWorld({ ...withDesks(options.world), logDir }))
  await makeDesk(world.url, DESK, options.settings)
  const { seed, agents, visitors, capacity, processes, watching } = options
  const bots = stack.use(
    await startBots({
      ...{ seed, processes, users: 0, rooms: 0, operationsPerSecond: 1, dir: journalDir, url: world.url, report: log },
      desk: {
        ...{ desk: DESK, key: DESK_KEY, agents, visitors, capacity, isFromEverywhere: true },
        ...(watching === undefined ? {} : { watching }),
        rates: { ...options.rates, agentsWait: true },
      },
    }),
  )
  const journal = new RunJournal(join(journalDir, 'run.jsonl'))
  const cast: Cast = { world, bots, journal, desks: [DESK] }
  using work = new WorkWatch(world)
  bots.start()
  await until('all visitors have entered', options.secondsMax * 1_000, async () => {
    const all = await bots.look()
    return all.reduce((sum, { entered }) => sum + entered, 0) >= visitors
  })
  log('all have entered: agents begin')
  bots.work()
  const faults = await torment({ ...cast, work, options, log })
  // What was broken is whole: conversations go their way, and are handed on once somebody has room.
  await reached(() => work.waiting === 0, options)
  await pause(WORK_MS)
  const problems = await serveAll({ world, bots, log }, options.secondsMax)
  log('reading the end')
  problems.push(...(await readTheEnd(cast, join(journalDir, 'final.jsonl'))))
  await bots.quit()
  problems.push(...world.deaths.map(({ name, how, lastLines }) => `${name} ended (${how}):\n${lastLines.join('\n')}`))
  return { problems, faults, work: work.samples }
}

interface Torment extends Cast {
  readonly work: WorkWatch
  readonly options: DeskRunOptions
  readonly log: (line: string) => void
}

/** While conversations are offered and answered. @returns what was done. */
async function torment(place: Torment): Promise<string[]> {
  const { world, options, work } = place
  const isDown = (share: number) => () => work.waiting <= options.visitors * share
  await reached(isDown(0.95), options)
  // Whoever dies has something by then.
  await pause(BEGUN_MS)
  const dying = options.killsClients === true ? [killClients(place)] : []
  const router = await ownerOfDesk(world)
  const done = [await happen(place, { name: 'kill-router', target: router.name, act: () => kill(router) })]
  await reached(isDown(0.7), options)
  const leader = await world.leaderOf(`${world.namespace}_LOG_0`)
  const node = leader ?? (world.nats[0] as NatsVictim)
  done.push(await happen(place, { name: 'kill-nats-leader', target: node.name, act: () => kill(node) }))
  return [...done, ...(await Promise.all(dying))]
}

interface Happening {
  readonly name: string
  readonly target: string
  /** Resolves when it is on, with what ends it. */
  readonly act: () => Promise<() => Promise<void>>
  readonly lastsMs?: number
}

async function happen({ journal, work, log }: Torment, { name, target, act, lastsMs = GONE_MS }: Happening) {
  const fault = { type: 'fault', id: `f-${name}`, name, target } as const
  journal.write({ ...fault, phase: 'begin' })
  log(`${name} on ${target}, ${work.waiting} wait`)
  const heal = await act()
  await pause(lastsMs)
  await heal()
  journal.write({ ...fault, phase: 'healed' })
  log(`${name} is healed, ${work.waiting} wait`)
  return name
}

/**
 * Agents are away until something that a dead agent had waits again, and come back. It is read from the desk itself: what somebody
 * had waits again too when they let offers pass, which is no sign of anything.
 */
async function killClients(place: Torment): Promise<string> {
  const { bots, world } = place
  const [target = ''] = bots.names
  await using sources = await openSources(world)
  const events = await sources.deskStored(DESK)
  const before = requeuedOfTheDead(events)
  const isNoticed = async () => {
    await pause(LOOK_MS)
    events.push(...(await sources.deskStored(DESK, events.at(-1)?.seq)))
    return requeuedOfTheDead(events) > before
  }
  const act = async () => {
    await bots.kill(target, () => until('what the dead agents had waits again', NOTICED_MS_MAX, isNoticed))
    bots.work()
    return async () => {}
  }
  return await happen(place, { name: 'kill-clients', target, act, lastsMs: 0 })
}

const kill = async (victim: ServiceVictim | NatsVictim) => {
  await victim.kill()
  return () => victim.start()
}

/** Goes on when it is so, or when a part of the time is gone: faults come in any case. */
async function reached(condition: () => boolean, { secondsMax }: DeskRunOptions): Promise<void> {
  const deadline = performance.now() + secondsMax * 200
  while (!condition() && performance.now() < deadline) await pause(LOOK_MS)
}

/** The router that has the desk in memory, where it says so. */
async function ownerOfDesk(world: RunningWorld): Promise<ServiceVictim> {
  const routers = world.of('router')
  for (const router of routers) {
    const desks = [...(await router.metrics())].find(([key]) => key.startsWith('switchboard_router_desks'))
    if ((desks?.[1] ?? 0) > 0) return router
  }
  return routers[0] as ServiceVictim
}

async function serveAll(
  { world, bots, log }: { world: RunningWorld; bots: BotProcesses; log: (line: string) => void },
  secondsMax: number,
): Promise<string[]> {
  const problems: string[] = []
  log('all goes to its end')
  for (const { process, settled, away } of await bots.finish(secondsMax * 1_000))
    if (!settled) problems.push(`${process} did not settle: ${away.slice(0, 10).join(', ')}`)
  await untilQuiet(world, secondsMax * 1_000).catch((error: Error) => problems.push(error.message))
  return problems
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

export function formatFigures(figures: DeskFigures): string {
  const { agents, visitors, conversations, offers, offersPerSecond, bands } = figures
  return [
    `desk: ${agents} agents, ${visitors} visitors, ${conversations} conversations`,
    `first offer after ${seconds(figures.firstOfferMsP50)} (p50), ${seconds(figures.firstOfferMsP99)} (p99), ${seconds(figures.firstOfferMsMax)} (longest)`,
    `${offers} offers, ${offersPerSecond} a second`,
    ...bands.map(
      ({ fromWaiting, toWaiting, events, cpuMsPerEvent }) =>
        `${fromWaiting} to ${toWaiting} wait: ${cpuMsPerEvent} ms of the routers for each of ${events} events`,
    ),
    `desk verdict: ${figures.verdict}`,
  ].join('\n')
}
