import { logIn } from '../fault/bots/accounts.ts'
import { until } from '../fault/world-until.ts'
import { Person } from '../flow/flow-fixture.ts'
import { Audience, type AudienceReport } from './audience.ts'
import { servedConnections } from './metrics-for-scaling.ts'
import { type Scene, secondsSince } from './scene.ts'

const UP_MS_MAX = 360_000
/** Edges go one by one, two minutes apart, and each takes its time to send its connections away. */
const DOWN_MS_MAX = 600_000
const WRITERS = 24
const ANSWER_MS_MAX = 60_000

/** Nobody missed anything, nobody was told to reload or to stay away, everybody is here. */
export function audienceProblems(what: string, report: AudienceReport): string[] {
  const { connections, connected, holes, reloaded, sentAway } = report
  const faults = { holes, reloaded, 'sent away for good': sentAway, 'not back': connections - connected }
  return Object.entries(faults).flatMap(([fault, count]) => (count === 0 ? [] : [`${what}: ${count} ${fault}`]))
}

/** Edges: from two to four by connections, while CPU would not ask for it, and back when most have gone. */
export async function scaleByConnections(scene: Scene, target: number): Promise<void> {
  const { release, seed, say, wrong, place } = scene
  const options = { url: release.url, seed, report: () => {} }
  // They stay throughout, and fit two edges.
  await using staying = await Audience.gather({ ...options, name: 'staying', connections: Math.floor(1.5 * target) })
  {
    await using _leaving = await Audience.gather({ ...options, name: 'leaving', connections: 2.5 * target })
    const began = performance.now()
    const connected = [...(await release.connections())]
    say(`connections at the edges: ${connected.map(([, count]) => count).join(', ')}`)
    await until('four edges are ready', UP_MS_MAX, async () => (await release.ready('edge')).length >= 4)
    const served = [...(await servedConnections(place.kube, release.namespace))]
    say(`2 → ${(await release.ready('edge')).length} edges after ${secondsSince(began)}`)
    say(`the autoscaler reads ${served.map(([, count]) => count).join(', ')}; it wants at most ${target} on average`)
  }
  const began = performance.now()
  await until('two edges are left', DOWN_MS_MAX, async () => (await release.pods('edge')).length === 2)
  say(`most connections left: 4 → 2 edges after ${secondsSince(began)}`)
  const report = await staying.report()
  say(`${report.connected} connections stayed: ${report.losses} times sent to another edge, ${report.holes} holes`)
  for (const problem of audienceProblems('those who stayed', report)) wrong(problem)
}

/** As the SDK does: the same cid again, while the answer says that it may be. */
async function sendUntilAnswered(person: Person, message: { cid: string; room: string; text: string }): Promise<void> {
  const deadline = performance.now() + ANSWER_MS_MAX
  for (;;) {
    try {
      await person.rpc('message.send', message)
      return
    } catch (error) {
      if ((error as { temporary?: boolean }).temporary !== true || performance.now() > deadline) throw error
    }
  }
}

/** Routers: more of them while people write as fast as they are answered. */
export async function scaleByCpu({ release, say, wrong }: Scene): Promise<void> {
  const before = await release.replicas('router')
  const began = performance.now()
  let isOver = false
  let acknowledged = 0
  const write = async (name: string): Promise<void> => {
    using person = await new Person(release.url, await logIn(release.url, name)).connect()
    const { room } = await person.rpc<{ room: string }>('room.create', { cid: name, kind: 'group' })
    while (!isOver) {
      await sendUntilAnswered(person, { cid: `${name}:${acknowledged}:${Math.random()}`, room, text: 'more' })
      acknowledged += 1
    }
  }
  const writing = Promise.all(Array.from({ length: WRITERS }, (_, i) => write(`writer-${i}`)))
  const rate = () => Math.round(acknowledged / ((performance.now() - began) / 1_000))
  const more = until('there are more routers', UP_MS_MAX, async () => (await release.ready('router')).length > before)
  try {
    await Promise.race([more, writing])
  } catch (error) {
    throw new Error(`${before} routers wrote ${rate()} messages a second`, { cause: error })
  }
  const now = (await release.ready('router')).length
  say(`${before} → ${now} routers by CPU after ${secondsSince(began)}, at ${rate()} messages a second`)
  isOver = true
  await writing.catch((error: Error) => wrong(`somebody who wrote was shown an error: ${error.message}`))
}
