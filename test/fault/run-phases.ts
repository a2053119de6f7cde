import type { JournalRecord } from '@switchboard/testkit/history/records'
import type { ServiceName } from '../../tools/system/service.ts'
import { finalReads } from './bots/final-reads.ts'
import { Journal } from './bots/journal.ts'
import type { BotProcesses } from './bots/processes.ts'
import type { Plan } from './plan.ts'
import { heldBy, longestOutage, misheld, percentile, sendTimes, waitingIn } from './run-checks.ts'
import type { RunJournal } from './run-journal.ts'
import type { RunningWorld } from './world.ts'
import { until } from './world-until.ts'

const WARM_UP_MS_MAX = 180_000
/** Stored before faults begin: rooms are there, people are in them, and work. */
const WARM_UP_EVENTS = 40
/** How long bots go on after everything is healed. */
const CALM_MS = 15_000
/** What is asked for this long after healing is answered as if nothing had been. */
const RECOVERED_AFTER_MS = 10_000
/** As long as SDKs wait for an answer: the first attempt is answered again. Two cores that run twenty processes are no faster. */
const RECOVERED_P99_MS_MAX = 5_000
/** In a liveness run: how long anybody may get nothing but silence and requests to try again. */
const OUTAGE_MS_MAX = 30_000
const QUIET_MS_MAX = 90_000
const FINISH_MS_MAX = 60_000

export interface Cast {
  readonly world: RunningWorld
  readonly bots: BotProcesses
  readonly journal: RunJournal
  readonly desks: readonly string[]
}

/** Resolves when all that there is to break works and is used. */
export async function warmUp({ world, bots }: Cast): Promise<void> {
  await until('bots have made rooms and their events are stored', WARM_UP_MS_MAX, async () => {
    if (bots.rooms.length === 0) return false
    let stored = 0
    for (const [key, value] of await world.counters())
      if (key.startsWith('switchboard_storage_events_total')) stored += value
    return stored >= WARM_UP_EVENTS
  })
}

/** Traffic goes on for a while, then ends, then everything becomes quiet. @returns what is wrong with that. */
export async function calmDown({ world, bots }: Cast, log: (line: string) => void): Promise<string[]> {
  const problems: string[] = []
  await new Promise((resolve) => setTimeout(resolve, CALM_MS))
  log('no more traffic')
  for (const { process, settled, inFlight, waiting, away } of await bots.finish(FINISH_MS_MAX))
    if (!settled)
      problems.push(`${process} did not settle: ${inFlight} in flight, ${waiting} waiting, away: ${away.join(', ')}`)
  await untilQuiet(world).catch((error: Error) => problems.push(error.message))
  problems.push(...(await bots.settle(FINISH_MS_MAX)))
  for (const service of world.services) problems.push(...heldBy(service.name, await service.metrics()))
  return problems
}

/** What everything looks like at the end, into a journal of its own. @returns what did not come to rest. */
export async function readTheEnd({ world, bots, desks }: Cast, journalPath: string): Promise<readonly string[]> {
  using journal = new Journal(journalPath, 'final')
  const { url, natsUrls, mongoUrl, namespace, database } = world
  const rooms = bots.rooms.map(({ room }) => room)
  const present = (msMin: number) => bots.present(msMin)
  const place = { url, natsUrls, mongoUrl, namespace, database }
  return (await finalReads({ ...place, rooms, users: bots.users, desks, present }, journal)).unsettled
}

export async function untilQuiet(world: RunningWorld, msMax = QUIET_MS_MAX): Promise<void> {
  let waiting: string[] = []
  await until('nothing waits in any service', msMax, async () => {
    const all = await Promise.all(
      world.services.map(async (service) => ({ service, samples: await service.metrics() })),
    )
    waiting = all.flatMap(({ service, samples }) => waitingIn(samples).map((line) => `${service.name}: ${line}`))
    const of = (name: ServiceName) => all.flatMap(({ service, samples }) => (service.service === name ? [samples] : []))
    waiting.push(
      ...misheld([
        ['router', of('router')],
        ['storage', of('storage')],
      ]),
    )
    return waiting.length === 0 && all.every(({ samples }) => samples.size > 0)
  }).catch((error: Error) => {
    throw new Error(`${error.message}; ${waiting.join(', ')}`)
  })
}

/** Whether the system came back by itself when everything was healed, and in a liveness run whether it ever stood still. */
export function recoveryProblems(
  records: readonly JournalRecord[],
  { plan, fromMs, toMs }: { plan: Plan; fromMs: number; toMs: number },
): string[] {
  const problems: string[] = []
  const calm = sendTimes(records, { fromMs: toMs + RECOVERED_AFTER_MS, toMs: toMs + CALM_MS })
  const p99Ms = percentile(calm, 0.99)
  if (p99Ms > RECOVERED_P99_MS_MAX)
    problems.push(`ten seconds after healing, p99 of ${calm.length} sends was ${p99Ms} ms, not ${RECOVERED_P99_MS_MAX}`)
  const outage = longestOutage(records, { fromMs, toMs })
  if (plan.mode === 'liveness' && outage && outage.ms > OUTAGE_MS_MAX)
    problems.push(`${outage.user} got no answer for ${outage.ms} ms from ${outage.fromMs} on`)
  return problems
}
