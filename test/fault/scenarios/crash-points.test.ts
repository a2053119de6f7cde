import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { formatVerdict } from '@switchboard/testkit/history/format'
import type { Verdict } from '@switchboard/testkit/history/verdict'
import { askApi, logIn } from '../bots/accounts.ts'
import type { PlainClient } from '../bots/plain-client.ts'
import type { CrashPointName } from '../mutations/crash-points.ts'
import { answeredAgain, roomAndOwner, untilCrashed } from '../mutations/crashing.ts'
import { connectAround } from '../mutations/nats-around.ts'
import { Play } from '../mutations/play.ts'
import { Switches } from '../mutations/switches.ts'
import { type RunningWorld, startWorld } from '../world.ts'

/** Longer than the queue of pushes waits for a word of a consumer that is dead. */
const REDELIVERY_MS_MAX = 70_000
const PUSH_MS_MAX = 40_000

let world: RunningWorld
let switches: Switches
const crashed: string[] = []

before(async () => {
  switches = await Switches.create()
  const imports = [switches.module]
  world = await startWorld({ imports: { router: imports, storage: imports, notifier: imports } })
})
after(async () => {
  await pushed?.play[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
  await switches[Symbol.asyncDispose]()
})

const passes = (verdict: Verdict) => assert.ok(verdict.passed, formatVerdict(verdict))

async function crashAt(play: Play, name: CrashPointName) {
  const victim = await untilCrashed({ play, switches }, name)
  crashed.push(victim.name)
  return victim
}

interface Pushed {
  readonly play: Play
  readonly alice: PlainClient
  readonly room: string
  readonly before: number
  readonly between: number
}
let pushed: Pushed | undefined

const shownTimes = (room: string, seq: number): number =>
  world.push.apns.received.all.filter(({ shown }) => shown?.room === room && shown.seq === seq).length

const untilShown = (room: string, seq: number) =>
  world.push.apns.received.waitFor(({ shown }) => shown?.room === room && shown.seq === seq, PUSH_MS_MAX)

test('notifiers end before they send and before they record that they sent, then others go on with what comes', async () => {
  const play = await Play.begin(world)
  const alice = await play.connect('alice')
  const room = await play.room(alice)
  const carol = play.user('carol')
  const token = await logIn(world.url, carol)
  const device = world.push.device.apns()
  const { status } = await askApi(world.url, { method: 'PUT', path: '/v1/devices/phone', token, body: device })
  assert.equal(status, 204)
  play.journal.write({ type: 'device', user: carol, target: device.target.token })
  await play.untilOk(alice, { name: 'add', cid: play.cid(), room, user: carol })

  await switches.on('notifier-before-send', { once: true })
  const before = await play.say(alice, room)
  const first = await crashAt(play, 'notifier-before-send')
  assert.equal(shownTimes(room, before), 0)

  await switches.on('notifier-before-record', { once: true })
  const between = await play.say(alice, room)
  const second = await crashAt(play, 'notifier-before-record')
  assert.equal(shownTimes(room, between), 1)
  assert.notEqual(second, first)

  await Promise.all([first.start(), second.start()])
  await untilShown(room, await play.say(alice, room))
  pushed = { play, alice, room, before, between }
})

test('a router ends after its publish and before its reply, then the same command has the same seq', async () => {
  await using play = await Play.begin(world)
  const { alice, bob, room, owner, other } = await roomAndOwner({ play, switches })
  const again = await answeredAgain(other)
  await switches.on('router-before-reply', { once: true, pids: [owner.pid] })
  const message = play.message(room)
  const { seq: answered } = await alice.attempt(message)
  assert.equal(await crashAt(play, 'router-before-reply'), owner)
  const { seq } = await play.untilOk(alice, message)
  assert.ok(seq !== undefined && (answered ?? seq) === seq)
  assert.ok((await answeredAgain(other)) > again)
  await play.saw(room, await play.say(bob, room), alice, bob)
  passes(await play.verdict(alice))
  await owner.start()
})

test('a router ends after its reply and before it tells others, then who was added is told all the same', async () => {
  await using play = await Play.begin(world)
  const { alice, bob, room, owner } = await roomAndOwner({ play, switches })
  const dave = await play.connect('dave')
  await switches.on('router-before-effects', { once: true, pids: [owner.pid] })
  const { outcome } = await alice.attempt({ name: 'add', cid: play.cid(), room, user: dave.client })
  assert.equal(outcome, 'ok')
  assert.equal(await crashAt(play, 'router-before-effects'), owner)
  await play.until('dave is in the room', () => dave.view.positions.has(room))
  await play.saw(room, await play.say(bob, room), alice, bob, dave)
  passes(await play.verdict(alice))
  await owner.start()
})

for (const name of ['storage-before-events', 'storage-before-heads', 'storage-before-position'] as const) {
  test(`a storage ends at ${name}, then another one stores everything once`, async () => {
    await using play = await Play.begin(world)
    const [alice, bob] = [await play.connect('alice'), await play.connect('bob')]
    const room = await play.room(alice, bob)
    await switches.on(name, { once: true })
    await play.say(alice, room)
    const victim = await crashAt(play, name)
    await play.say(bob, room)
    await play.saw(room, await play.say(alice, room), alice, bob)
    await victim.start()
    passes(await play.verdict(alice))
  })
}

test('the pushes of the notifiers that ended are given out again, then none of them is sent again', async () => {
  assert.ok(pushed)
  const { play, alice, room, before, between } = pushed
  await using bus = await connectAround(world)
  const info = () => bus.jsm.consumers.info(bus.names.pushesStream, bus.names.durable('notifier-apns'))
  await play.until(
    'both pushes were given out again',
    async () => (await info()).num_redelivered >= 2,
    REDELIVERY_MS_MAX,
  )
  // What was given out before it is decided before it: both wait the same short time.
  await untilShown(room, await play.say(alice, room))
  assert.deepEqual([shownTimes(room, before), shownTimes(room, between)], [0, 1])
  for (const { atMs: _, status, shown } of world.push.apns.received.all)
    if (shown?.room !== undefined && shown.seq !== undefined)
      play.journal.write({
        type: 'push',
        provider: 'apns',
        target: shown.target,
        room: shown.room,
        seq: shown.seq,
        status,
        shown: true,
      })
  passes(await play.verdict(alice))
})

test('all crash points were met, then no process has ended but those that were to', () => {
  assert.equal(crashed.length, 7)
  const deaths = world.deaths.map(({ name, how }) => `${name} ${how}`)
  assert.deepEqual(
    deaths,
    crashed.map((name) => `${name} SIGKILL`),
  )
})
