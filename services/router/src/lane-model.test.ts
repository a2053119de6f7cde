import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS, type Refusal } from '@switchboard/contracts/errors'
import type { RoomEvent, UserEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { EntityCommand, ReplyTo, RoomCommand } from '@switchboard/contracts/records'
import { applyRoom, emptyRoom } from '@switchboard/domain/room'
import { type Effect, effectsOf } from '@switchboard/domain/user'
import fc from 'fast-check'
import {
  type Command,
  checkEntity,
  checkHeard,
  type Fate,
  NAMES,
  SimulatedLog,
  type Stored,
} from '../test/simulated-log.ts'
import type { RouterEvents } from './events.ts'
import { Floor } from './floor.ts'
import { Lane } from './lane.ts'
import type { LaneDeps } from './lane-deps.ts'
import { isNewestIn, toLog } from './to-log.ts'

const ROOMS = ['r1', 'r2'] as const
const PEOPLE = ['a', 'b'] as const
/** An edge waits this long, a router at a takeover believes a client for twice as long. */
const REPLY_MS = 5_000
const REPLAY_MS = 10_000
const events = new Proxy({}, { get: () => () => {} }) as RouterEvents

/** One command of a client, sent again with the same cid until it is answered. */
interface Wish {
  readonly room: string
  readonly command: RoomCommand
  /** Sent once and then left alone: whatever becomes of it, order must hold. */
  readonly once: boolean
  answer: object | Refusal | null
  request: number
  sentAt: number
}

type Action =
  | { readonly kind: 'start' | 'kill' | 'stop' | 'trim' }
  | { readonly kind: 'wish'; readonly by: number }
  | { readonly kind: 'pass'; readonly ms: number }

class World {
  readonly s: fc.Scheduler
  readonly log: SimulatedLog
  readonly routers: Router[] = []
  readonly wishes: Wish[][]
  readonly replies: { request: number; ok: object; cid: string }[] = []
  readonly requests = new Map<number, Wish>()
  /** cids of what was written after a younger router had given it up. */
  readonly overtaken = new Set<string>()
  nowMs = 1_000_000
  #fates: Fate[]
  #requests = 0
  /** The floor that the last one left when it went in peace. */
  peace = 0

  constructor(s: fc.Scheduler, fates: readonly Fate[], wishes: Wish[][]) {
    this.s = s
    this.#fates = [...fates]
    this.wishes = wishes
    this.log = new SimulatedLog(
      (label) => this.step(label),
      (entry) => this.#stored(entry),
    )
    for (const room of ROOMS) {
      const members = ['o', 'p', 'q'].map((user) => ({ user, role: 'owner' as const }))
      const created = {
        type: 'room.created',
        seq: 1,
        n: 0,
        at: 1,
        from: 'o',
        cid: 'c',
        kind: 'group',
        members,
      } as const
      this.log.seed(room, created)
    }
  }

  step = (label: string): Promise<void> => this.s.schedule(Promise.resolve(), label)

  fate(): Fate {
    return this.#fates.shift() ?? 'good'
  }

  /** Puts a command where the routers read, and lets each look there some time. */
  append(kind: EntityKind, id: string, command: EntityCommand): void {
    this.log.commands.push({ kind, id, command, seq: this.log.commands.length + 1, at: this.nowMs })
    for (const router of this.routers) router.readSoon()
  }

  /** Sends the oldest wish of a sender that is not answered, unless an edge still waits for it. */
  send(by: number): void {
    const wish = this.wishes[by]?.find(({ answer }) => answer === null)
    if (!wish || (wish.request > 0 && this.nowMs - wish.sentAt < REPLY_MS)) return
    this.#requests += 1
    wish.request = this.#requests
    wish.sentAt = this.nowMs
    this.requests.set(wish.request, wish)
    this.append('room', wish.room, { ...wish.command, reply: { edge: 'e', request: wish.request } })
    if (wish.once) wish.answer = {}
    if (wish.once) this.send(by)
  }

  reply(to: ReplyTo | undefined, answer: { ok: object } | { no: Refusal }): void {
    const wish = to && this.requests.get(to.request)
    if (!wish || !to) return
    if ('ok' in answer) this.#checkOk(wish, answer.ok)
    const waits = wish.request === to.request && this.nowMs - wish.sentAt < REPLY_MS && wish.answer === null
    if (!waits) return
    if ('ok' in answer) wish.answer = answer.ok
    else if (ERRORS[answer.no.code].retry) wish.sentAt = -REPLY_MS
    else wish.answer = answer.no
  }

  #checkOk({ room, command }: Wish, ok: object): void {
    const found = this.log.find('room', room, command)
    assert.equal(found.length, 1, `${command.cid} was answered and lies there ${found.length} times`)
    assert.equal((ok as { seq: number }).seq, found[0]?.seq, `${command.cid} was answered with another seq`)
    const earlier = this.replies.find(({ cid }) => cid === command.cid)
    if (earlier) assert.deepEqual(ok, earlier.ok, `${command.cid} was answered differently`)
    this.replies.push({ request: 0, ok, cid: command.cid })
  }

  /**
   * @NOTE What a router that hangs or has gone writes may arrive when a younger one has forgotten it already. Then nobody tells of
   * its effects. Only a write for each command that is forgotten could prevent that.
   */
  #stored(entry: Stored): void {
    this.checkFloor(entry)
    const passed = Math.max(this.peace, ...this.routers.map(({ floor }) => floor))
    for (const { from, cid } of entry.events) {
      const inputs = this.log.commands.filter(({ command }) => command.from === from && command.cid === cid)
      const isForgotten = inputs.every(({ seq, at }) => seq <= passed || this.nowMs - at > REPLAY_MS)
      if (isForgotten) this.overtaken.add(cid)
    }
  }

  /** Whatever lies below a floor is applied with its effects, or nobody waits for it any more. */
  checkFloor({ input }: Pick<Stored, 'input'>): void {
    for (const { kind, id, command, seq, at } of this.log.commands) {
      if (seq > input.floor) return
      const applied = this.log.find(kind, id, command)
      const wish = command.reply && this.requests.get(command.reply.request)
      const isAnswered = wish !== undefined && (wish.request !== command.reply?.request || wish.answer !== null)
      const isOver = wish !== undefined && (isAnswered || this.nowMs - at >= REPLY_MS || wish.sentAt < 0)
      assert.ok(applied.length > 0 || isOver, `the floor ${input.floor} passed ${command.cid}, which is not applied`)
    }
  }

  router(): Router {
    const router = new Router(this, this.routers.length)
    this.routers.push(router)
    router.readSoon()
    return router
  }

  get living(): Router[] {
    return this.routers.filter(({ state }) => state === 'live')
  }
}

/** One router that believes the partition is its own, from taking it over until it is killed, fenced or stopped. */
class Router {
  state: 'live' | 'stopping' | 'dead' = 'live'
  readonly #world: World
  readonly #abort = new AbortController()
  readonly #floor: Floor
  readonly #start: { readonly last: number }
  readonly #lanes = new Map<string, Lane>()
  readonly #deps: LaneDeps
  #next: number

  constructor(world: World, number: number) {
    this.#world = world
    const floor = Math.max(world.log.entries.at(-1)?.input.floor ?? 0, world.peace)
    this.#floor = new Floor(floor)
    this.#next = floor + 1
    this.#start = { last: world.log.commands.length }
    this.#deps = this.#connect(`w${number}`)
  }

  get floor(): number {
    return this.#floor.value
  }

  /** All it does with the world ends where it is killed: no answer ever comes back. */
  #alive = async <T>(work: Promise<T>): Promise<T> => {
    const done = await work
    return this.state === 'dead' ? new Promise<T>(() => {}) : done
  }

  #step = (label: string): Promise<void> => this.#alive(this.#world.step(label))

  #connect(owner: string): LaneDeps {
    const { log } = this.#world
    const door = {
      publish: (message: Parameters<SimulatedLog['publish']>[0]) =>
        this.#alive(log.publish(message, this.#world.fate())),
      head: async (kind: EntityKind, id: string) => {
        await this.#step('head is read')
        const head = log.of(kind, id).at(-1) ?? null
        await this.#step('head is told')
        return head
      },
      beforeRetry: () => this.#step('try again'),
    }
    const refuse = () => Promise.reject(new Error('not of this test'))
    return {
      events,
      storage: {
        loadRoom: (id) => this.#alive(log.load('room', id)) as never,
        loadUser: (id) => this.#alive(log.load('user', id)) as never,
        findCids: (kind, id, lookups) => this.#alive(log.findCids(kind, id, lookups)),
        facts: refuse,
        ...{ loadDesk: refuse, desks: refuse, conversations: refuse, caused: refuse },
      },
      writeEntry: toLog({ names: NAMES }, { owner, events, door }),
      isNewest: isNewestIn(door),
      writeMark: async () => true,
      sendEffects: async (effects, signal) => {
        await Promise.all(effects.map((effect) => this.#sendEffect(effect, signal)))
      },
      sendSignal: () => {},
      replies: {
        ok: (to, ok) => this.state !== 'dead' && this.#world.reply(to, { ok }),
        no: (to, no) => this.state !== 'dead' && this.#world.reply(to, { no }),
      },
      clock: { nowMs: () => this.#world.nowMs, steadyMs: () => 0, beforeRetry: () => this.#step('retry') },
    }
  }

  async #sendEffect({ kind, id, command }: Effect, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const fate = this.#world.fate()
      await this.#step(`effect ${command.cid} to ${id}`)
      if (fate !== 'lost') this.#world.append(kind, id, command)
      if (fate === 'good' || fate === 'late') return
      await this.#step('effect is tried again')
    }
  }

  readSoon(): void {
    if (this.state === 'live') void this.#step('read commands').then(() => this.#read())
  }

  #read(): void {
    const { log, nowMs } = this.#world
    for (; this.state === 'live' && this.#next <= log.commands.length; this.#next += 1) {
      const found = log.commands[this.#next - 1] as Command
      const stale = found.seq <= this.#start.last && nowMs - found.at > REPLAY_MS
      const finish = this.#floor.take(found.seq)
      const bury = async (reason: string) => assert.fail(reason)
      this.#lane(found).push({ command: found.command, input: found.seq, stale, bury, finish })
    }
  }

  #lane({ kind, id }: { kind: EntityKind; id: string }): Lane {
    const known = this.#lanes.get(`${kind}:${id}`)
    if (known) return known
    const fenced = () => void this.#step('fenced').then(() => this.stop().then(() => this.#world.router()))
    const says = { floor: () => this.#floor.value, isSure: () => true, fenced }
    const place = { kind, id, incarnation: 'i', epoch: 'e', signal: this.#abort.signal, ...says }
    const lane = new Lane(this.#deps, place)
    this.#lanes.set(`${kind}:${id}`, lane)
    return lane
  }

  trim(): void {
    for (const [key, lane] of this.#lanes) if (lane.isIdle) this.#lanes.delete(key)
  }

  kill(): void {
    this.state = 'dead'
  }

  async stop(): Promise<void> {
    if (this.state !== 'live') return
    this.state = 'stopping'
    this.#abort.abort()
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop()))
    this.#world.checkFloor({ input: { incarnation: 'i', input: 0, floor: this.#floor.value } })
    this.#world.peace = Math.max(this.#world.peace, this.#floor.value)
    this.state = 'dead'
  }
}

function act(world: World, action: Action): void {
  const [oldest] = world.living
  if (action.kind === 'wish') world.send(action.by)
  else if (action.kind === 'pass') world.nowMs += action.ms
  else if (action.kind === 'start' && world.living.length < 3) world.router()
  else if (action.kind === 'kill') oldest?.kill()
  else if (action.kind === 'stop') void oldest?.stop()
  else if (action.kind === 'trim') oldest?.trim()
}

/** The chaos is over: one router lives and clients ask again. Everything must come to an end. */
async function heal(world: World): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    await world.s.waitIdle()
    world.nowMs += REPLY_MS
    if (world.living.length === 0) world.router()
    for (const by of world.wishes.keys()) world.send(by)
  }
  await world.s.waitIdle()
  const open = world.wishes.flat().filter(({ answer }) => answer === null)
  assert.deepEqual(open, [], 'a client is never answered')
}

function check({ log, wishes, overtaken }: World): void {
  for (const room of ROOMS) {
    checkEntity(log, 'room', room)
    const state = emptyRoom(room)
    const effects = (log.eventsOf('room', room) as RoomEvent[]).flatMap((event) => {
      applyRoom(state, event)
      return event.seq === 1 || overtaken.has(event.cid) ? [] : effectsOf(state, event)
    })
    for (const { kind, id, command } of effects)
      assert.equal(log.find(kind, id, command).length, 1, `${id} never heard of ${command.cid}`)
    for (const user of PEOPLE) checkHeard(log.eventsOf('user', user) as UserEvent[], room)
    for (const own of wishes) {
      const seqs = own.flatMap(({ command }) => log.find('room', room, command)).map(({ seq }) => seq)
      assert.deepEqual(
        seqs,
        seqs.toSorted((a, b) => a - b),
        'a sender is out of order',
      )
    }
  }
  for (const user of PEOPLE) checkEntity(log, 'user', user)
}

const room = fc.constantFrom(...ROOMS)
const person = fc.constantFrom(...PEOPLE)
/** Three senders: one writes and waits for each answer, one writes and never looks back, one lets people in and out. */
const wishesOf = (by: number, made: readonly (readonly [string, string, boolean])[]): Wish[] =>
  made.map(([where, who, isLeft], i) => {
    const every = { from: ['o', 'p', 'q'][by] ?? 'o', cid: `${by}-${i}` }
    const moves = { method: i % 2 === 0 ? 'room.add' : 'room.remove', body: { user: who } }
    const does = by === 2 ? moves : { method: 'message.send', body: { text: `${i}` } }
    const command = { ...every, ...does } as RoomCommand
    return {
      room: by === 2 ? 'r1' : where,
      command,
      once: by === 1 || (by === 2 && isLeft),
      answer: null,
      request: 0,
      sentAt: 0,
    }
  })
const wish = fc.tuple(room, person, fc.boolean())
const wishes = fc.tuple(
  fc.array(wish, { minLength: 1, maxLength: 5 }),
  fc.array(wish, { maxLength: 5 }),
  fc.array(fc.tuple(room, fc.constant('a'), fc.boolean()), { minLength: 1, maxLength: 4 }),
)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(2).map((by): Action => ({ kind: 'wish', by })) },
  {
    weight: 4,
    arbitrary: fc.constantFrom<Action['kind']>('start', 'kill', 'stop', 'trim').map((kind) => ({ kind }) as Action),
  },
  { weight: 2, arbitrary: fc.constantFrom(3_000, 6_000, 11_000, 400_000).map((ms): Action => ({ kind: 'pass', ms })) },
)
const fates = fc.array(fc.constantFrom<Fate>('good', 'good', 'unanswered', 'late', 'lost'), {
  maxLength: 30,
  size: 'max',
})
const acts = fc.array(fc.tuple(action, fc.nat(6)), { maxLength: 25, size: 'max' })

test('routers that overlap, die and hear nothing, then what was answered lies in the log once, in order, with its effects', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, wishes, acts, async (s, fated, wished, todo) => {
      const world = new World(
        s,
        fated,
        wished.map((made, by) => wishesOf(by, made)),
      )
      world.router()
      for (const [one, steps] of todo) {
        act(world, one)
        await s.waitNext(Math.min(steps, s.count()))
      }
      await heal(world)
      check(world)
    }),
    { numRuns: 150 },
  )
})
