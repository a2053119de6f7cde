import type { PlainClient } from '../bots/plain-client.ts'
import type { CrashPointName } from './crash-points.ts'
import { ownerOf, sampleOf, untilShared, type WorldProcess } from './owners.ts'
import type { Play } from './play.ts'
import type { Switches } from './switches.ts'

export interface Crashing {
  readonly play: Play
  readonly switches: Switches
}

/** Resolves when a process has ended at this point. @returns which one */
export async function untilCrashed({ play, switches }: Crashing, name: CrashPointName): Promise<WorldProcess> {
  await play.until(`a process ends at ${name}`, async () => (await switches.hits(name)).length === 1)
  const [pid] = await switches.hits(name)
  const victim = play.world.services.find((process) => process.pid === pid)
  if (!victim) throw new Error(`${name} was met by ${pid}, which is none of ours`)
  await play.until(`${victim.name} is gone`, () => !victim.running)
  return victim
}

/** A room with two people in it, and the router that has it. */
export async function roomAndOwner({ play, switches }: Crashing): Promise<{
  alice: PlainClient
  bob: PlainClient
  room: string
  owner: WorldProcess
  other: WorldProcess
}> {
  const [alice, bob] = [await play.connect('alice'), await play.connect('bob')]
  const room = await play.room(alice, bob)
  await untilShared(play)
  const { owner, other } = await ownerOf({ play, switches }, () => play.say(alice, room))
  return { alice, bob, room, owner, other }
}

/** How many commands a router has answered from what was there already. */
export const answeredAgain = async (router: WorldProcess): Promise<number> =>
  sampleOf(await router.metrics(), 'switchboard_router_duplicates_total')
