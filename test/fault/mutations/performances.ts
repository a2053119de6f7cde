import type { Verdict } from '@switchboard/testkit/history/verdict'
import { openSources, type Sources } from '../bots/final-sources.ts'
import type { PlainClient } from '../bots/plain-client.ts'
import type { BreakName } from './breaks.ts'
import { untilCrashed } from './crashing.ts'
import { actLate, goAway, takeTwo } from './desk-plays.ts'
import { ownerOf, sampleOf, untilShared, untilTakenOver, watchOwners } from './owners.ts'
import type { Play } from './play.ts'
import type { Switches } from './switches.ts'

export interface Performing {
  readonly play: Play
  readonly switches: Switches
  /** Turns the break on, in these processes or in all; does nothing when the scenario is played as it should be. */
  readonly breakNow: (pids?: readonly number[]) => Promise<void>
}

/** Far more than a command may be old when a router finds it at a takeover. */
const AHEAD_MS = 30_000
const FENCED = 'switchboard_router_fenced_total'
const REPAIRED = 'switchboard_edge_feed_repairs_total'

/** What was found: the names of the checker's findings, and sentences of our own. */
const kindsOf = (verdict: Verdict): readonly string[] => Object.keys(verdict.found)

/** A client that had no answer sends its command again. */
async function sendAgain({ play, breakNow }: Performing): Promise<readonly string[]> {
  const [alice, bob] = [await play.connect('alice'), await play.connect('bob')]
  const room = await play.room(alice, bob)
  await breakNow()
  const message = play.message(room)
  const first = await play.untilOk(alice, message)
  const second = await play.untilOk(alice, message)
  await play.saw(room, Math.max(first.seq ?? 0, second.seq ?? 0), alice, bob)
  return kindsOf(await play.verdict(alice))
}

/** An edge misses one live entry of the log, and the next one comes. */
async function missOne({ play, switches, breakNow }: Performing): Promise<readonly string[]> {
  const [alice, bob] = [await play.connect('alice', 0), await play.connect('bob', 0)]
  const room = await play.room(alice, bob)
  await play.saw(room, await play.say(alice, room), alice, bob)
  await breakNow()
  const [edge] = play.world.of('edge')
  const repaired = async () => sampleOf((await edge?.metrics()) ?? new Map(), REPAIRED)
  const before = await repaired()
  await switches.on('live-entry-lost', { once: true })
  await play.say(alice, room)
  await play.until('the edge has missed an entry', async () => (await switches.hits('live-entry-lost')).length === 1)
  await play.saw(room, await play.say(alice, room), alice, bob)
  const isRepaired = (await repaired()) > before
  return [...kindsOf(await play.verdict(alice)), ...(isRepaired ? [] : ['not repaired'])]
}

/** Nothing happens at all, for longer than a lease lasts. */
async function doNothing({ play, switches, breakNow }: Performing): Promise<readonly string[]> {
  await untilShared(play)
  // One of them: when all leases run out in the same moment, each router takes it that NATS was away and leaves the others theirs.
  const [router] = play.world.services.filter(({ service }) => service === 'router')
  await breakNow(router ? [router.pid] : [])
  const found = await watchOwners(play)
  await switches.off('no-lease-renewal')
  await untilShared(play)
  return found
}

/** Times that a router is stopped until it shows what it does when it goes on. */
const STOPS_MAX = 3

interface Stopping extends Pick<Performing, 'play' | 'switches'> {
  readonly alice: PlainClient
  readonly bob: PlainClient
  readonly room: string
  readonly sources: Sources
}

/** @returns whether the owner that was stopped was refused, and whether it wrote all the same. */
async function stopOwner({ play, switches, alice, bob, room, sources }: Stopping) {
  await untilShared(play)
  const { owner, other } = await ownerOf({ play, switches }, () => play.say(alice, room))
  const fencedBefore = sampleOf(await owner.metrics(), FENCED)
  const isFenced = async () => sampleOf(await owner.metrics(), FENCED) > fencedBefore
  // By its clock, what it finds at the takeover is too old for anybody to wait for: so the two disagree about it.
  await other.stepClock(AHEAD_MS)
  owner.freeze()
  const late = play.message(room)
  const attempt = alice.attempt(late)
  await untilTakenOver(play, other)
  await play.say(bob, room)
  await attempt
  owner.thaw()
  const hasWritten = async () => (await sources.log(room)).some(({ cid }) => cid === late.cid)
  await play.until(
    'the router that was stopped is refused, or writes',
    async () => (await isFenced()) || (await hasWritten()),
  )
  await play.saw(room, await play.say(alice, room), alice, bob)
  const shown = { isFenced: await isFenced(), hasWritten: await hasWritten() }
  await other.stepClock(0)
  return shown
}

/** The owner of a room is stopped, another takes over and writes, and the first one goes on. */
async function stopAndGoOn({ play, switches, breakNow }: Performing): Promise<readonly string[]> {
  const [alice, bob] = [await play.connect('alice'), await play.connect('bob')]
  const room = await play.room(alice, bob)
  await using sources = await openSources(play.world)
  await breakNow()
  let shown = await stopOwner({ play, switches, alice, bob, room, sources })
  // Nobody refuses a broken router. But NATS, in an election, may not have heard it: then it has shown nothing yet.
  for (let stops = 1; switches.isOn('no-expected-sequence') && !shown.hasWritten && stops < STOPS_MAX; stops += 1)
    shown = await stopOwner({ play, switches, alice, bob, room, sources })
  return [...kindsOf(await play.verdict(alice)), ...(shown.isFenced ? [] : ['not fenced'])]
}

/** A router dies between its decision and its publish. */
async function dieBeforePublish({ play, switches, breakNow }: Performing): Promise<readonly string[]> {
  const [alice, bob] = [await play.connect('alice'), await play.connect('bob')]
  const room = await play.room(alice, bob)
  await untilShared(play)
  const { owner, other } = await ownerOf({ play, switches }, () => play.say(alice, room))
  // Else its successor would still apply what was never published, and nobody could tell.
  await Promise.all([owner.stepClock(AHEAD_MS), other.stepClock(AHEAD_MS)])
  await breakNow()
  await switches.on('router-before-publish', { once: true, pids: [owner.pid] })
  await alice.attempt(play.message(room))
  await play.until(`${owner.name} has died`, () => !owner.running)
  await untilTakenOver(play, other)
  await play.saw(room, await play.say(bob, room), alice, bob)
  const verdict = await play.verdict(alice)
  await owner.start()
  await Promise.all([owner.stepClock(0), other.stepClock(0)])
  return kindsOf(verdict)
}

/** A storage dies with a batch in its hands. */
async function dieWithBatch({ play, switches, breakNow }: Performing): Promise<readonly string[]> {
  const [alice, bob] = [await play.connect('alice'), await play.connect('bob')]
  const room = await play.room(alice, bob)
  await play.saw(room, await play.say(alice, room), alice, bob)
  await using sources = await openSources(play.world)
  await play.stored(sources, room)
  await breakNow()
  await switches.on('storage-before-events', { once: true })
  await play.say(alice, room)
  const victim = await untilCrashed({ play, switches }, 'storage-before-events')
  await victim.start()
  await play.saw(room, await play.say(bob, room), alice, bob)
  return kindsOf(await play.verdict(alice))
}

/** The scenario of each break but the one that needs two plays at once. */
export const PERFORMANCES: Readonly<
  Record<Exclude<BreakName, 'no-expiry-of-dead-edges'>, (performing: Performing) => Promise<readonly string[]>>
> = {
  'no-cid-check': sendAgain,
  'no-gap-check': missOne,
  'no-lease-renewal': doNothing,
  'no-expected-sequence': stopAndGoOn,
  'answer-before-commit': dieBeforePublish,
  'position-first': dieWithBatch,
  'no-revision-fence': actLate,
  'no-capacity': takeTwo,
  'no-requeue': goAway,
}
