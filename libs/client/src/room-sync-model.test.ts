import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoomEvent } from '@switchboard/contracts/events'
import fc from 'fast-check'
import { ModelClock } from '../test/model-clock.ts'
import { SwitchboardError } from './failure.ts'
import { type HistoryQuery, RoomSync } from './room-sync.ts'
import type { Page } from './timeline.ts'

/** Events in one page of the model's history: pages are cut by their bytes as well. */
const PAGE = 3
/** Whoever has read as many pages after a position, and there are more, may begin anew. */
const CATCH_UP_PAGES_MAX = 5

/** What may become of a question for history. */
type Fate = 'good' | 'lost' | 'unanswered'

/** A room's log, the connection of one client, and an app that looks at its timeline. */
class World {
  readonly s: fc.Scheduler
  readonly sync: RoomSync
  log: RoomEvent[] = []
  epoch = 'e1'
  readonly clock = new ModelClock()
  isConnected = false
  isOpen = false
  /** Whether the log never begins anew, so that the app has a right to every event. */
  isStrict = true
  /** Opened at a position, of which everything after is wanted. */
  isWhole = false
  /** seq that the app is to be given next; null before a page was loaded. */
  next: number | null = null
  asked = 0
  /** The newest seq that the room was told of while it was open. */
  told = 0
  #wrong: unknown
  /** Pages in a row that said that there are more. */
  #pages = 0
  readonly #fates: Fate[]
  #connection = 0
  /** What the connection still has to bring, in order. */
  #line: (() => void)[] = []
  /** The newest offset that the connection has brought. */
  #offset = 0
  #offsetEpoch = 'e1'

  constructor(s: fc.Scheduler, fates: readonly Fate[]) {
    this.s = s
    this.#fates = [...fates]
    this.sync = new RoomSync({
      clock: this.clock,
      history: (query) => this.#history(query),
      onEvents: (events) => this.#noted(() => this.#took(events)),
      onReset: () => this.#noted(() => this.#reset()),
      onStatus: () => {},
    })
  }

  get head(): number {
    return this.log.length
  }

  #step = (label: string): Promise<void> => this.s.schedule(Promise.resolve(), label)

  async #history({ after_seq, before_seq, limit }: HistoryQuery): Promise<Page> {
    this.#noted(() => assert.ok(this.isConnected, 'history is asked for without a connection'))
    this.asked += 1
    const fate = this.#fates.shift() ?? 'good'
    const connection = this.#connection
    const failed = (code: 'timeout' | 'disconnected') => new SwitchboardError({ code, message: code, retry: true })
    await this.#step(`history after ${after_seq} is asked`)
    const count = Math.min(limit, PAGE)
    const end = Math.min(this.head, (before_seq ?? Number.POSITIVE_INFINITY) - 1)
    const first = after_seq === undefined ? Math.max(0, end - count) : after_seq
    const events = this.log.slice(first, after_seq === undefined ? end : first + count)
    const more = after_seq === undefined ? first > 0 : first + count < this.head
    const page = { events, head: this.head, more }
    await this.#step(`history after ${after_seq} is answered`)
    if (fate !== 'good' && this.isConnected) throw failed('timeout')
    if (connection !== this.#connection) throw failed('disconnected')
    if (after_seq !== undefined) this.#pages = more ? this.#pages + 1 : 0
    return page
  }

  /** What is wrong is kept: thrown here, it would look like a failure of the client's own. */
  #noted(look: () => void): void {
    try {
      look()
    } catch (error) {
      this.#wrong ??= error
    }
  }

  #took(events: readonly RoomEvent[]): void {
    assert.ok(this.isOpen, 'a closed room has news')
    if (!this.isStrict) return
    for (const { seq } of events) {
      assert.equal(seq, this.next, 'an event comes out of order, or twice, or one is missing')
      this.next = seq + 1
    }
  }

  #reset(): void {
    assert.ok(this.isOpen, 'a closed room begins anew')
    if (!this.isStrict) return
    assert.ok(!this.isWhole, 'everything after a position was wanted')
    const { position } = this.sync.timeline
    if (this.next !== null) {
      assert.ok(position >= this.next - 1, 'the timeline goes back')
      assert.ok(this.#pages >= CATCH_UP_PAGES_MAX, `begins anew after ${this.#pages} pages`)
    }
    this.next = position + 1
  }

  /** What the app sees is dense, and what the log holds. */
  check(): void {
    if (this.#wrong !== undefined) throw this.#wrong
    const { items, first, position } = this.sync.timeline
    const seqs = items.map(({ seq }) => seq)
    const stretch = Array.from({ length: Math.max(0, position - first + 1) }, (_, i) => first + i)
    assert.deepEqual(seqs, stretch, 'the timeline has a hole')
    if (this.isStrict && this.isOpen && this.next !== null) assert.equal(position + 1, this.next)
  }

  say(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const seq = this.head + 1
      const event = { type: 'message', seq, n: seq, at: seq, from: 'ann', cid: `${seq}`, text: `${this.epoch} ${seq}` }
      this.log.push(event as RoomEvent)
      if (this.isConnected) this.#bring(() => this.#publish(event as RoomEvent))
    }
  }

  /** The log grows and the room's channel does not say so. */
  mute(): void {
    const connected = this.isConnected
    this.isConnected = false
    this.say(1)
    this.isConnected = connected
  }

  #publish(event: RoomEvent): void {
    this.#offset = event.seq
    this.#hears(event.seq)
    this.sync.publication(event)
  }

  /** Others tell of an event that the room's channel does not bring. */
  muteAndTell(): void {
    this.mute()
    this.noteHead()
  }

  /** Away and back at once, in a busy room. */
  blip(): void {
    this.disconnect()
    this.say(1)
    this.connect(this.head % 2 === 0)
    if (this.head % 3 === 0) this.say(1)
  }

  noteHead(): void {
    this.#hears(this.head)
    this.sync.noteHead(this.head)
  }

  #hears(seq: number): void {
    if (this.isOpen) this.told = Math.max(this.told, seq)
  }

  #bring(work: () => void): void {
    this.#line.push(work)
    const connection = this.#connection
    void this.#step('the connection brings').then(() => {
      if (connection === this.#connection) this.#line.shift()?.()
    })
  }

  connect(isRecovered: boolean): void {
    if (this.isConnected) return
    this.isConnected = true
    this.#connection += 1
    this.sync.setConnected(true)
    const { epoch, head: offset } = this
    const wasRecovering = this.#offset > 0
    const recovered = wasRecovering && isRecovered && epoch === this.#offsetEpoch
    const missed = recovered ? this.log.slice(this.#offset) : []
    this.#bring(() => {
      this.#offsetEpoch = epoch
      this.#offset = Math.max(offset - missed.length, 0)
      this.#hears(offset)
      this.sync.subscribed({ channel: 'room:r', offset, epoch, wasRecovering, recovered })
    })
    for (const event of missed) this.#bring(() => this.#publish(event))
  }

  disconnect(): void {
    if (!this.isConnected) return
    this.isConnected = false
    this.#connection += 1
    this.#line = []
    this.sync.setConnected(false)
  }

  open(since?: number): void {
    if (this.isOpen) return
    this.isOpen = true
    this.told = 0
    this.isWhole = since !== undefined
    this.next = since === undefined ? null : since + 1
    this.sync.open(since)
  }

  close(): void {
    this.isOpen = false
    this.sync.close()
  }

  /** All that was is lost, and the room begins anew with another epoch. Connections end with it. */
  renew(): void {
    // A client that was never told the epoch of what it has cannot know.
    if (this.sync.epoch !== this.epoch) return
    this.disconnect()
    this.epoch += "'"
    this.log = []
    this.told = 0
    this.say(1)
  }

  calm(): void {
    this.#fates.length = 0
  }
}

type Action =
  | { readonly kind: 'say'; readonly count: number }
  | { readonly kind: 'open since'; readonly back: number }
  | {
      readonly kind:
        | 'mute'
        | 'recover'
        | 'connect'
        | 'disconnect'
        | 'open'
        | 'close'
        | 'told'
        | 'pass'
        | 'blip'
        | 'settle'
        | 'renew'
    }

function act(world: World, action: Action): void {
  const { head } = world
  if (action.kind === 'say') world.say(action.count)
  else if (action.kind === 'mute') world.mute()
  else if (action.kind === 'recover' || action.kind === 'connect') world.connect(action.kind === 'recover')
  else if (action.kind === 'disconnect') world.disconnect()
  else if (action.kind === 'open') world.open()
  else if (action.kind === 'open since') world.open(Math.max(0, head - action.back))
  else if (action.kind === 'close') world.close()
  else if (action.kind === 'told') world.muteAndTell()
  else if (action.kind === 'blip') world.blip()
  else if (action.kind === 'renew') world.renew()
  else if (action.kind === 'pass') world.clock.pass(1_000)
}

const plain = (...kinds: Exclude<Action['kind'], 'say' | 'open since'>[]) =>
  fc.constantFrom(...kinds.map((kind): Action => ({ kind })))
const say = fc.constantFrom(1, 1, 2, 8).map((count): Action => ({ kind: 'say', count }))
const since = fc.nat(9).map((back): Action => ({ kind: 'open since', back }))
const action = fc.oneof(
  { weight: 5, arbitrary: say },
  { weight: 5, arbitrary: plain('recover', 'connect', 'disconnect', 'pass', 'told', 'mute') },
  { weight: 5, arbitrary: plain('blip', 'blip', 'settle') },
  { weight: 3, arbitrary: fc.oneof(since, plain('open', 'close', 'close')) },
)
const fates = fc.array(fc.constantFrom<Fate>('good', 'good', 'lost', 'unanswered'), { maxLength: 20, size: 'max' })
const acts = (one: fc.Arbitrary<Action>) => fc.array(fc.tuple(one, fc.nat(4)), { maxLength: 40, size: 'max' })

async function rest(world: World): Promise<void> {
  await world.s.waitIdle()
  for (let round = 0; round < 8; round += 1) {
    world.clock.pass(3_000)
    await world.s.waitIdle()
    world.check()
  }
}

/** Until everything that the room was told of is in the timeline, though not every answer comes. */
async function settle(world: World): Promise<void> {
  const { sync } = world
  if (!world.isOpen || !world.isConnected) return
  await world.s.waitIdle()
  for (let round = 0; round < 20 && sync.timeline.position < world.told; round += 1) {
    world.clock.pass(5_000)
    await world.s.waitIdle()
  }
  assert.ok(sync.timeline.position >= world.told, 'a hole that is known is not filled')
}

/** Does it all, and then leaves the room open, connected and alone. */
async function play(world: World, todo: readonly (readonly [Action, number])[]): Promise<void> {
  const { s, sync } = world
  world.say(5)
  for (const [one, steps] of todo) {
    act(world, one)
    if (one.kind === 'settle') await settle(world)
    world.check()
    for (let left = Math.min(steps, s.count()); left > 0 && s.count() > 0; left -= 1) {
      await s.waitNext(1)
      world.check()
    }
  }
  world.calm()
  world.open()
  world.connect(true)
  await rest(world)
  assert.equal(sync.status, 'live')
  assert.ok(sync.timeline.position >= world.told, 'a hole that is known is not filled')
  // Others say how far the room is: the connection may have missed its newest event.
  world.noteHead()
  const asked = world.asked
  await rest(world)
  assert.equal(sync.status, 'live')
  assert.equal(sync.timeline.position, world.head, 'the timeline does not end at the head')
  const ends = sync.timeline.items.map((item) => (item.kind === 'message' ? item.text : ''))
  const held = world.log.slice(sync.timeline.first - 1).map((event) => (event.type === 'message' ? event.text : ''))
  assert.deepEqual(ends, held, 'the timeline is not the log')
  assert.ok(world.asked - asked <= 2 + world.head / PAGE, `asks ${world.asked - asked} times at rest`)
}

test('a room whose connection, history and watchers come and go, then everything after the position comes once, in order, up to the head', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts(action), (s, fated, todo) => play(new World(s, fated), todo)),
    { numRuns: 150 },
  )
})

test('a room that loses its log and begins anew, then the timeline ends as the new log does', async () => {
  const one = fc.oneof(action, plain('renew'))
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts(one), async (s, fated, todo) => {
      const world = new World(s, fated)
      world.isStrict = false
      await play(world, todo)
      assert.equal(world.sync.epoch, world.epoch)
    }),
    { numRuns: 100 },
  )
})

test('others tell of an event while the first page is on its way, then it comes, though no channel brings it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.nat(3), async (s, steps) => {
      const quick = (kind: 'connect' | 'open' | 'told' | 'settle'): Action => ({ kind })
      const todo = [quick('connect'), quick('open')].map((one) => [one, 0] as const)
      await play(new World(s, []), [...todo, [quick('open'), steps], [quick('told'), 0], [quick('settle'), 0]])
    }),
    { numRuns: 30 },
  )
})
