import type { Verdict } from '@switchboard/testkit/history/verdict'
import type { PlainClient } from '../bots/plain-client.ts'
import type { RunningWorld } from '../world.ts'
import { ownerOf, untilShared, type WorldProcess } from './owners.ts'
import { Play } from './play.ts'
import type { Switches } from './switches.ts'

/** Routers look twice a second and tell once a second: by this much one may be behind the other. */
const BEHIND_MS = 4_000
const ROOMS_MAX = 40

interface House {
  readonly play: Play
  readonly watcher: PlainClient
  readonly victim: PlainClient
  readonly room: string
  readonly router: WorldProcess
}

/** A room of two people at two edges, at a router that is not `not`. */
async function houseAt(play: Play, { switches, not }: { switches: Switches; not?: WorldProcess }): Promise<House> {
  const [watcher, victim] = [await play.connect('watcher', 1), await play.connect('victim', 0)]
  for (let rooms = 0; rooms < ROOMS_MAX; rooms += 1) {
    const room = await play.room(watcher, victim)
    const { owner: router } = await ownerOf({ play, switches }, () => play.say(watcher, room))
    if (router !== not) return { play, watcher, victim, room, router }
  }
  throw new Error(`${not?.name} has each of ${ROOMS_MAX} rooms`)
}

async function shows({ watcher, victim, room }: House): Promise<boolean | undefined> {
  const answer = await watcher.ask<{ online: readonly string[] }>('room.online', { room })
  return answer?.online.includes(victim.client)
}

/** Who is shown online, against who is. */
async function verdictOf(house: House): Promise<Verdict> {
  const { play, watcher, victim, room } = house
  const online = (await shows(house)) ? [watcher.client, victim.client] : [watcher.client]
  play.journal.write({ type: 'final-online', room, online, truth: [watcher.client] })
  return play.verdict(watcher)
}

/**
 * An edge is killed with people on it who do not come back. They are in two rooms at two routers, of which one forgets to look
 * at the leases of edges: so both are seen at the same time, as the promise takes half a minute.
 * @returns what is wrong at the router that is as it should be, and at the other one.
 */
export async function killEdge(
  world: RunningWorld,
  switches: Switches,
): Promise<{ readonly sound: Verdict; readonly broken: Verdict }> {
  await using sound = await Play.begin(world)
  await using broken = await Play.begin(world)
  await untilShared(sound)
  const right = await houseAt(sound, { switches })
  const wrong = await houseAt(broken, { switches, not: right.router })
  const houses = [right, wrong]
  for (const house of houses) await house.play.until('both are online', async () => (await shows(house)) === true)
  await switches.on('no-expiry-of-dead-edges', { pids: [wrong.router.pid] })
  const [edge] = world.of('edge')
  await edge?.kill()
  for (const { play, victim } of houses) play.end(victim)
  await sound.until('the people of the dead edge are offline', async () => (await shows(right)) === false)
  const deadline = performance.now() + BEHIND_MS
  await broken.until(
    'the other router had time for it too',
    async () => (await shows(wrong)) === false || performance.now() > deadline,
  )
  const verdicts = { sound: await verdictOf(right), broken: await verdictOf(wrong) }
  await switches.off('no-expiry-of-dead-edges')
  await edge?.start()
  return verdicts
}
