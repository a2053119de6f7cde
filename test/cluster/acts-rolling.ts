import type { JournalRecord } from '@switchboard/testkit/history/records'
import { until } from '../fault/world-until.ts'
import { audienceProblems } from './acts-scaling.ts'
import { Audience } from './audience.ts'
import { SERVICES } from './release.ts'
import { type Scene, secondsSince } from './scene.ts'

const READY_MS_MAX = 180_000
/** Of what somebody who was sent away waits for at most, by dice, and then some for two cores that do everything. */
const AWAY_MS_MAX = 30_000
/** Refusals that bots have earned, as others add and remove people while they write. */
const EARNED: ReadonlySet<string> = new Set(['not_a_member', 'already_member', 'not_found'])

/** Every pod of ours is replaced by another one while many are connected and bots chat. */
export async function roll(scene: Scene, connections: number): Promise<void> {
  const { release, seed, journal, say, wrong } = scene
  await using audience = await Audience.gather({
    url: release.url,
    seed,
    name: 'rolled',
    connections,
    report: () => {},
  })
  const before = new Set((await Promise.all(SERVICES.map((service) => release.ready(service)))).flat())
  say(`${connections} connections at ${[...(await release.connections()).values()].join(' + ')}`)
  audience.reset()
  const said = audience.said
  const began = performance.now()
  journal.write({ type: 'fault', id: 'upgrade', phase: 'begin', name: 'upgrade', target: release.name })
  await release.upgrade(Object.fromEntries(SERVICES.map((service) => [`${service}.podAnnotations.rolled`, 'yes'])))
  journal.write({ type: 'fault', id: 'upgrade', phase: 'healed', name: 'upgrade', target: release.name })
  say(`helm upgrade: ${before.size} pods replaced in ${secondsSince(began)}`)
  const after = (await Promise.all(SERVICES.map((service) => release.ready(service)))).flat()
  for (const pod of after) if (before.has(pod)) wrong(`${pod} was not replaced`)
  const report = await audience.report()
  const { losses, awayMsMedian, awayMsLongest, silenceMsMedian, silenceMsLongest, publications, holes } = report
  say(
    `${losses} times a connection was sent to another edge and was back after ${awayMsMedian} ms (median), ${awayMsLongest} ms (longest)`,
  )
  say(`${audience.said - said} messages, ${publications} deliveries, ${holes} holes`)
  say(
    `longest silence of each client, who is spoken to every second: ${silenceMsMedian} ms (median), ${silenceMsLongest} ms (worst)`,
  )
  for (const problem of audienceProblems('the rolling upgrade', report)) wrong(problem)
  if (awayMsLongest > AWAY_MS_MAX) wrong(`somebody was away for ${awayMsLongest} ms, and ${AWAY_MS_MAX} are the most`)
}

/** One pod of each service ends without a word, as when its node is gone. */
export async function kill({ release, journal, say }: Scene): Promise<void> {
  for (const service of SERVICES) {
    const pods = await release.ready(service)
    const [victim = ''] = pods
    const began = performance.now()
    const fault = { type: 'fault', id: `kill-${service}`, name: `kill a pod of ${service}`, target: victim } as const
    journal.write({ ...fault, phase: 'begin' })
    await release.kill(victim)
    await until(`${service} has as many pods as before`, READY_MS_MAX, async () => {
      const now = await release.ready(service)
      return now.length >= pods.length && !now.includes(victim)
    })
    journal.write({ ...fault, phase: 'healed' })
    say(`${victim} killed: ${pods.length} are ready again after ${secondsSince(began)}`)
  }
}

/** What bots were shown: no error that they have not earned, and nobody was told to stay away. */
export function shownProblems(records: readonly JournalRecord[]): string[] {
  const refused = records.flatMap((record) =>
    record.type === 'return' && record.outcome === 'refused' && !EARNED.has(record.code ?? '') ? [record] : [],
  )
  const banished = records.filter((record) => record.type === 'connection' && record.terminal === true)
  return [
    ...refused.map(({ user, code }) => `${user} was shown the error ${code}`),
    ...(banished.length === 0 ? [] : [`${banished.length} connections were told to stay away`]),
  ]
}
