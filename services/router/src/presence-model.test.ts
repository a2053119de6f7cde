import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MAX } from '@switchboard/contracts/limits'
import type { PresenceRecord } from '@switchboard/contracts/records'
import { PresenceView } from '@switchboard/domain/presence-view'
import fc from 'fast-check'
import { PresenceClock } from './presence-clock.ts'

const USERS = ['a', 'b', 'c'] as const
const GATHER_MS = 50
const REPEAT_MS = 30_000
const LOOK_MS = 500
const TICK_MS = 1_000
const DELAY_MS_MAX = 2_500
const LAPSE_MS_MAX = 5_000

type Word = PresenceRecord['users'][number]
interface Socket {
  readonly user: string
  isLooking: boolean
}
interface Heard {
  readonly user: string
  readonly isOnline: boolean
  readonly atMs: number
}

/** Edges, their leases, what travels from each in order, and one router, all on one simulated time. */
class World {
  nowMs = 0
  /** What a step of the machine's clock added. */
  wallMs = 1_700_000_000_000
  isLossy: boolean
  readonly edges: Edge[] = []
  readonly router: Router
  readonly #delays: number[]
  #queue: { readonly at: number; readonly run: () => void }[] = []

  constructor(isLossy: boolean, delays: readonly number[]) {
    this.isLossy = isLossy
    this.#delays = [...delays]
    this.router = new Router(this)
  }

  after(ms: number, run: () => void): void {
    const at = this.nowMs + ms
    const behind = this.#queue.findIndex((one) => one.at > at)
    this.#queue.splice(behind === -1 ? this.#queue.length : behind, 0, { at, run })
  }

  every(ms: number, run: () => boolean): void {
    this.after(ms, () => {
      if (run()) this.every(ms, run)
    })
  }

  /** How long the next message is on its way; null if it is lost. */
  delay(): number | null {
    const ms = this.#delays.shift() ?? 1
    return this.isLossy && ms % 4 === 0 ? null : ms
  }

  calm(): void {
    this.isLossy = false
    this.#delays.length = 0
    for (const edge of this.edges) edge.isHung = false
  }

  pass(ms: number): void {
    const until = this.nowMs + ms
    for (let next = this.#queue[0]; next && next.at <= until; next = this.#queue[0]) {
      this.#queue.shift()
      this.nowMs = next.at
      next.run()
      this.router.check()
    }
    this.nowMs = until
  }

  start(): void {
    if (this.edges.filter(({ isAlive }) => isAlive).length < 3) this.edges.push(new Edge(this, `e${this.edges.length}`))
  }

  socketsOf(user: string): Socket[] {
    return this.edges
      .filter(({ isAlive }) => isAlive)
      .flatMap(({ sockets }) => sockets.filter((one) => one.user === user))
  }
}

class Edge {
  readonly id: string
  readonly sockets: Socket[] = []
  isAlive = true
  isHung = false
  /** Its lease lies in the bucket until then. */
  leaseUntilMs = 0
  readonly #world: World
  readonly #changed = new Set<string>()
  #lastArrivalMs = 0
  /** It cannot renew before this. */
  #awayUntilMs = -2 * MAX.presenceGraceMs

  constructor(world: World, id: string) {
    this.#world = world
    this.id = id
    const whileItWorks = (work: () => void) => () => {
      if (this.isAlive && !this.isHung) work()
      return this.isAlive
    }
    world.every(
      GATHER_MS,
      whileItWorks(() => this.#gather()),
    )
    world.every(
      REPEAT_MS,
      whileItWorks(() => this.sayAll()),
    )
    world.every(
      MAX.presenceLeaseMs / 3,
      whileItWorks(() => this.#renew()),
    )
    this.#renew()
    this.sayAll()
  }

  #renew(): void {
    if (this.#world.nowMs >= this.#awayUntilMs) this.leaseUntilMs = this.#world.nowMs + MAX.presenceLeaseMs
  }

  #gather(): void {
    if (this.#changed.size > 0) this.#say([...this.#changed].map(this.#word), false)
  }

  sayAll(): void {
    this.#say([...new Set(this.sockets.map(({ user }) => user))].map(this.#word), true)
  }

  #word = (user: string): Word => {
    const own = this.sockets.filter((one) => one.user === user)
    return [user, own.length, own.filter(({ isLooking }) => isLooking).length]
  }

  #say(users: readonly Word[], whole: boolean): void {
    this.#changed.clear()
    const delay = this.#world.delay()
    if (delay === null) return
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#world.nowMs + delay)
    const record = { edge: this.id, whole, users }
    this.#world.after(this.#lastArrivalMs - this.#world.nowMs, () => this.#world.router.hear(record))
  }

  /** Says what crosses a line: online or not, looking or not. */
  change(user: string, work: () => void): void {
    const line = () => this.#word(user).map((each) => each === 0)
    const before = line()
    work()
    if (line().join() !== before.join()) this.#changed.add(user)
  }

  /** Killed without a word, or stopped, which gives the lease back. */
  end(isStopped: boolean): void {
    this.isAlive = false
    if (isStopped) this.leaseUntilMs = 0
  }

  /** Its lease runs out while it works on, and is taken anew. */
  lapse(ms: number): void {
    // More than one in a grace is more than it is for.
    if (this.#world.nowMs < this.#awayUntilMs + 2 * MAX.presenceGraceMs) return
    this.leaseUntilMs = 0
    this.#awayUntilMs = this.#world.nowMs + ms
    this.#world.after(ms, () => this.isAlive && !this.isHung && this.#renew())
  }
}

/** As `from-presence.ts` and `app.ts` put view and clock together. */
class Router {
  readonly view = new PresenceView()
  readonly clock = new PresenceClock()
  readonly told: Heard[] = []
  /** Since when the view has somebody without a socket, and since when nobody at all has a socket of theirs. */
  readonly unseenSince = new Map<string, number>()
  readonly goneSince = new Map<string, number>(USERS.map((user) => [user, 0]))
  readonly #world: World
  readonly #known = new Set<Edge>()

  constructor(world: World) {
    this.#world = world
    world.every(LOOK_MS, () => this.#look())
    world.every(TICK_MS, () => this.#tick())
  }

  hear(record: PresenceRecord): void {
    this.#changed(this.view.apply(record))
  }

  #look(): true {
    const { edges, nowMs } = this.#world
    for (const edge of edges) {
      const isLeased = edge.leaseUntilMs > nowMs
      if (isLeased === this.#known.has(edge)) continue
      if (isLeased) this.#known.add(edge)
      else this.#known.delete(edge)
      this.#changed(isLeased ? this.view.edgeAlive(edge.id) : this.view.edgeGone(edge.id))
      if (this.view.lacks(edge.id)) for (const one of edges) if (one.isAlive && !one.isHung) one.sayAll()
    }
    return true
  }

  #changed(users: readonly string[]): void {
    const { nowMs, wallMs } = this.#world
    const at = { steadyMs: nowMs, nowMs: wallMs + nowMs }
    for (const user of users) this.clock.note(user, this.view.of(user).sockets > 0, at)
  }

  #tick(): true {
    const { nowMs } = this.#world
    const { online, offline } = this.clock.tick(nowMs)
    assert.equal(new Set([...online, ...offline]).size, online.length + offline.length, 'both at once')
    for (const user of online) this.told.push({ user, isOnline: true, atMs: nowMs })
    for (const user of offline) {
      this.told.push({ user, isOnline: false, atMs: nowMs })
      const absentMs = nowMs - (this.unseenSince.get(user) ?? Number.POSITIVE_INFINITY)
      assert.ok(absentMs >= MAX.presenceGraceMs, `${user} is called offline ${absentMs} ms after the last socket went`)
    }
    return true
  }

  /** Holds at every moment, whatever is lost. */
  check(): void {
    const { nowMs } = this.#world
    for (const user of USERS) {
      if (this.view.of(user).sockets > 0) this.unseenSince.delete(user)
      else if (!this.unseenSince.has(user)) this.unseenSince.set(user, nowMs)
      const unseenMs = nowMs - (this.unseenSince.get(user) ?? nowMs)
      if (unseenMs > MAX.presenceGraceMs + TICK_MS) assert.ok(!this.clock.isOnline(user), `${user} is a ghost`)
      if (!this.unseenSince.has(user)) assert.ok(this.clock.isOnline(user), `${user} has sockets and is not online`)
      if (this.#world.socketsOf(user).length > 0) this.goneSince.delete(user)
      else if (!this.goneSince.has(user)) this.goneSince.set(user, nowMs)
    }
  }
}

type Act = 'join' | 'leave' | 'blink' | 'look' | 'start' | 'kill' | 'stop' | 'lapse' | 'hang' | 'go on' | 'step'
interface Step {
  readonly act: Act
  readonly user: string
  readonly which: number
  readonly ms: number
}

function act(world: World, { act: what, user, which, ms }: Step): void {
  const living = world.edges.filter(({ isAlive }) => isAlive)
  const edge = living[which % living.length]
  if (what === 'start') world.start()
  else if (what === 'step') world.wallMs += (which - 3) * 3_600_000
  else if (!edge) return
  else if (what === 'kill' || what === 'stop') edge.end(what === 'stop' && !edge.isHung)
  else if (what === 'lapse') edge.lapse(Math.min(ms, LAPSE_MS_MAX))
  // Nobody can come or go there while it hangs.
  else if (what === 'hang' || what === 'go on') edge.isHung = what === 'hang'
  else if (!edge.isHung) touch(edge, what, user)
}

function touch(edge: Edge, what: Act, user: string): void {
  // Came and went before the edge said anything.
  if (what === 'blink') for (const one of ['join', 'leave'] as const) touch(edge, one, user)
  const index = edge.sockets.findIndex((one) => one.user === user)
  const socket = edge.sockets[index]
  edge.change(user, () => {
    if (what === 'join') edge.sockets.push({ user, isLooking: true })
    else if (what === 'leave' && socket) edge.sockets.splice(index, 1)
    else if (socket) socket.isLooking = !socket.isLooking
  })
}

const steps = (acts: readonly Act[]) =>
  fc.array(
    fc.record<Step>({
      act: fc.constantFrom(...acts),
      user: fc.constantFrom(...USERS),
      which: fc.nat(6),
      ms: fc.constantFrom(10, 60, 400, 3_000, 8_000, 14_000),
    }),
    { maxLength: 50, size: 'max' },
  )
const delays = fc.array(fc.integer({ min: 1, max: DELAY_MS_MAX }), { maxLength: 60, size: 'max' })

/** Whoever is told of somebody hears online and offline in turns. */
function checkTurns(told: readonly Heard[]): void {
  for (const user of USERS) {
    const turns = told.filter((one) => one.user === user).map(({ isOnline }) => isOnline)
    assert.deepEqual(
      turns,
      turns.map((_, index) => index % 2 === 0),
      `${user} is told twice`,
    )
  }
}

function checkRest(world: World): void {
  const { router, edges } = world
  const living = edges.filter(({ isAlive }) => isAlive)
  const present = USERS.filter((user) => world.socketsOf(user).length > 0)
  const known = router.view.size
  assert.equal(known.edges, living.length)
  // Last words may arrive behind the end of a lease, and stay for a while.
  if (known.strangers === 0) assert.equal(known.users, present.length, 'the dead are remembered')
  for (const user of USERS) {
    const sockets = world.socketsOf(user)
    const foreground = sockets.filter(({ isLooking }) => isLooking).length
    assert.deepEqual(router.view.of(user), { sockets: sockets.length, foreground }, `the view of ${user}`)
    assert.equal(router.clock.isOnline(user), sockets.length > 0, `${user} at rest`)
    assert.equal(router.told.findLast((one) => one.user === user)?.isOnline ?? false, sockets.length > 0)
  }
  checkTurns(router.told)
}

const MOVES: readonly Act[] = ['join', 'leave', 'look', 'blink']
const ALL: readonly Act[] = [...MOVES, ...MOVES, 'join', 'start', 'kill', 'stop', 'lapse', 'step']

test('edges that come, hang, die, lose leases and words, then soon people are told what is so, each change once', () => {
  fc.assert(
    fc.property(steps([...ALL, 'hang', 'go on']), delays, (todo, fated) => {
      const world = new World(true, fated)
      world.start()
      for (const step of todo) {
        act(world, step)
        world.pass(step.ms)
      }
      world.calm()
      world.pass(2 * REPEAT_MS + MAX.presenceLeaseMs + MAX.presenceGraceMs)
      checkRest(world)
    }),
    { numRuns: 150 },
  )
})

/** Until the dead are noticed, on top of the grace. */
const NOTICE_MS = MAX.presenceLeaseMs + LOOK_MS + DELAY_MS_MAX + GATHER_MS + TICK_MS

test('every word arrives, then nobody who is there is called offline, and nobody who is gone stays online', () => {
  fc.assert(
    fc.property(steps(ALL), delays, (todo, fated) => {
      const world = new World(false, fated)
      const { router } = world
      const isThere = new Map<string, number>()
      world.every(LOOK_MS, () => {
        for (const user of USERS) {
          const isGone = world.socketsOf(user).length === 0
          isThere.set(user, isGone ? 0 : (isThere.get(user) ?? 0) + LOOK_MS)
          const goneMs = world.nowMs - (router.goneSince.get(user) ?? world.nowMs)
          if (goneMs > MAX.presenceGraceMs + NOTICE_MS) assert.ok(!router.clock.isOnline(user), `${user} is a ghost`)
          const isOffline = router.told.some((one) => one.user === user && !one.isOnline && one.atMs === world.nowMs)
          if ((isThere.get(user) ?? 0) > MAX.presenceGraceMs)
            assert.ok(!isOffline, `${user} is here for ${isThere.get(user)} ms and called offline`)
        }
        return true
      })
      world.start()
      for (const step of todo) {
        act(world, step)
        world.pass(step.ms)
      }
      world.calm()
      world.pass(REPEAT_MS + MAX.presenceLeaseMs + MAX.presenceGraceMs)
      checkRest(world)
    }),
    { numRuns: 150 },
  )
})
