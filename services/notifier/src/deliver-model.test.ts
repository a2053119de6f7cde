import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HookRecord } from '@switchboard/contracts/records'
import fc from 'fast-check'
import { pushOf } from '../test/push-fixture.ts'
import type { ClaimRecord } from './claims.ts'
import type { Delivery } from './deliver.ts'
import { hookDeliverer } from './deliver-hooks.ts'
import { pushDeliverer } from './deliver-pushes.ts'
import type { Events } from './events.ts'
import type { Outcome } from './outcome.ts'

const SETTLE_MS = 100_000
/** What may become of a claim's write: it is refused, or it is done and nobody hears of it. */
type ClaimFate = 'good' | 'lost' | 'unanswered'
/** What the provider makes of an attempt: `silent` shows it or not, and does not say. */
type Verdict = 'accepted' | 'refused once' | 'silent, shown' | 'silent, not shown'

const NOTHING = new Proxy({}, { get: () => () => () => undefined })
const EVENTS = new Proxy(
  { hooks: NOTHING },
  { get: (own, name) => Reflect.get(own, name) ?? (() => () => undefined) },
) as Events
const TARGET = { hook: 'h', url: 'https://x.example/', desk: null, events: [], changed_at: 1, secrets: ['s'] }
const hookOf = (seq: number): HookRecord => ({
  ...{ hook: 'h', desk: 'd', type: 'message', event: `r:${seq}`, at: 5_000, due_at: 5_000, body: `${seq}` },
})

interface Fates {
  readonly claims: readonly ClaimFate[]
  readonly verdicts: readonly Verdict[]
  /** Whether the queue hears that a push is done. */
  readonly acks: readonly boolean[]
}

/** A queue that gives a push again until it is done, a bucket of claims, a provider, and notifiers that may die. */
class World {
  readonly s: fc.Scheduler
  readonly claims = new Map<string, { revision: number; value: ClaimRecord }>()
  /** Times that each push was shown, and how often its sender was left in doubt. */
  readonly shown = new Map<number, number>()
  readonly doubts = new Map<number, number>()
  readonly open = new Set<number>([1, 2])
  readonly notifiers: Notifier[] = []
  readonly wrongs: Error[] = []
  nowMs = 5_000
  /** How far bob has read, and whether he looks. */
  readSeq = 0
  isLooking = false
  readonly #fates: ClaimFate[]
  readonly #verdicts: Verdict[]
  readonly #acks: boolean[]
  #revision = 0

  /** Of webhooks in place of pushes. */
  readonly isOfHooks: boolean

  constructor(s: fc.Scheduler, fates: Fates, isOfHooks = false) {
    this.s = s
    this.isOfHooks = isOfHooks
    this.#fates = [...fates.claims]
    this.#verdicts = [...fates.verdicts]
    this.#acks = [...fates.acks]
  }

  step = (label: string): Promise<void> => this.s.schedule(Promise.resolve(), label)

  async write(key: string, value: ClaimRecord, expect: number): Promise<number | null> {
    const fate = this.#fates.shift() ?? 'good'
    await this.step(`claim ${key} by ${value.owner}`)
    if (fate === 'lost') throw new Error('NATS is away')
    const isFree = (this.claims.get(key)?.revision ?? 0) === expect
    if (isFree) {
      this.#revision += 1
      this.claims.set(key, { revision: this.#revision, value })
    }
    const { revision } = this.claims.get(key) ?? { revision: 0 }
    await this.step('claim is answered')
    if (fate === 'unanswered') throw new Error('no answer')
    return isFree ? revision : null
  }

  async send(seq: number): Promise<Outcome> {
    const verdict = this.#verdicts.shift() ?? 'accepted'
    await this.step(`push ${seq} arrives`)
    if (verdict === 'accepted' || verdict === 'silent, shown') this.shown.set(seq, (this.shown.get(seq) ?? 0) + 1)
    const isSilent = verdict.startsWith('silent')
    if (isSilent) this.doubts.set(seq, (this.doubts.get(seq) ?? 0) + 1)
    await this.step(`provider answers ${seq}`)
    if (verdict === 'accepted') return { kind: 'accepted' }
    return { kind: 'retry', afterMs: 1_000, safe: !isSilent, reason: verdict, scope: 'push' }
  }

  /** The queue hears of it, or gives the push once more. */
  done(seq: number): void {
    if (this.#acks.shift() ?? true) this.open.delete(seq)
  }

  start(): void {
    if (this.notifiers.filter(({ isDead }) => !isDead).length < 3)
      this.notifiers.push(new Notifier(this, this.notifiers.length))
  }
}

class Notifier {
  isDead = false
  readonly #world: World
  readonly #deliver: (seq: number) => Promise<Delivery>
  /** What it has in hand, and whether there was nothing to say when it began: bob had read it, or looked. */
  readonly #inHand = new Map<number, boolean>()

  constructor(world: World, number: number) {
    this.#world = world
    const alive = async <T>(work: Promise<T>): Promise<T> => {
      const done = await work
      return this.isDead ? new Promise<T>(() => {}) : done
    }
    const every = {
      owner: `n${number}`,
      claims: {
        write: (key: string, value: ClaimRecord, expect: number) => alive(world.write(key, value, expect)),
        read: async (key: string) => {
          await alive(world.step(`read ${key}`))
          const found = world.claims.get(key) ?? null
          await alive(world.step('claim is told'))
          return found
        },
      },
      isLooking: () => world.isLooking,
      readSeq: async () => {
        const seq = world.readSeq
        await alive(world.step('read mark is told'))
        return seq
      },
      now: () => world.nowMs,
      random: () => 0,
      settleMs: SETTLE_MS,
      ageMsMax: 86_400_000,
    }
    const pushes = pushDeliverer({
      ...every,
      events: EVENTS,
      send: ({ seq }) => {
        assert.notEqual(this.#inHand.get(seq), true, `push ${seq} is sent though there is nothing to say`)
        return alive(world.send(seq))
      },
      forget: async () => ({ forgotten: true }),
    })
    const known = { of: async () => [TARGET], changedAt: () => TARGET.changed_at }
    const send = ({ body }: { body: string }) => alive(world.send(Number(body)))
    const hooks = hookDeliverer({ ...every, known, send, events: EVENTS.hooks })
    this.#deliver = (seq) => (world.isOfHooks ? hooks.deliver(hookOf(seq)) : pushes.deliver(pushOf(seq)))
  }

  /** The queue gives it a push, maybe not for the first time. It stays in the queue until an outcome is known. */
  take(seq: number): void {
    if (this.isDead || !this.#world.open.has(seq)) return
    const isSecond = this.#inHand.has(seq)
    if (!isSecond) this.#inHand.set(seq, this.#world.isLooking || this.#world.readSeq >= seq)
    void this.#deliver(seq)
      .then(
        ({ kind }) => {
          if (!this.isDead && kind !== 'again') this.#world.done(seq)
        },
        (error: unknown) => {
          if (error instanceof assert.AssertionError) this.#world.wrongs.push(error)
          // Nothing was sent: the queue gives it again.
        },
      )
      .finally(() => isSecond || this.#inHand.delete(seq))
  }
}

type Action =
  | { readonly kind: 'take'; readonly who: number; readonly seq: number }
  | { readonly kind: 'kill'; readonly who: number }
  | { readonly kind: 'start' | 'look' | 'read' }
  | { readonly kind: 'pass'; readonly ms: number }

function act(world: World, action: Action): void {
  if (action.kind === 'start') world.start()
  else if (action.kind === 'pass') world.nowMs += action.ms
  else if (action.kind === 'look') world.isLooking = !world.isLooking
  else if (action.kind === 'read') world.readSeq += 1
  else if (action.kind === 'take') world.notifiers[action.who]?.take(action.seq)
  else if (action.kind === 'kill') {
    const notifier = world.notifiers[action.who]
    if (notifier) notifier.isDead = true
  }
}

/** Of what may go wrong each can cost a round: fifteen claims, eight answers of the provider, eight of the queue; and one more each. */
const ROUNDS_MAX = 40

/** Does it all, and gives what is left again until the queue is empty. */
async function play(world: World, todo: readonly (readonly [Action, number])[]): Promise<void> {
  const { s } = world
  world.start()
  world.start()
  for (const [one, steps] of todo) {
    act(world, one)
    await s.waitNext(Math.min(steps, s.count()))
  }
  await s.waitIdle()
  for (let round = 0; round < ROUNDS_MAX && world.open.size > 0; round += 1) {
    world.nowMs += SETTLE_MS
    if (world.notifiers.every(({ isDead }) => isDead)) world.start()
    for (const notifier of world.notifiers) for (const seq of world.open) notifier.take(seq)
    await s.waitIdle()
  }
  assert.deepEqual(world.wrongs, [])
  assert.equal(world.open.size, 0, 'a push stays in the queue for ever')
}

const take = fc
  .tuple(fc.nat(3), fc.integer({ min: 1, max: 2 }))
  .map(([who, seq]): Action => ({ kind: 'take', who, seq }))
const acks = fc.array(fc.constantFrom(true, true, false), { maxLength: 8, size: 'max' })
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: take },
  { weight: 1, arbitrary: fc.nat(3).map((who): Action => ({ kind: 'kill', who })) },
  { weight: 2, arbitrary: fc.constant<Action>({ kind: 'start' }) },
  { weight: 1, arbitrary: fc.constantFrom<Action>({ kind: 'look' }, { kind: 'look' }, { kind: 'read' }) },
  { weight: 1, arbitrary: fc.constantFrom(1_000, 10_000).map((ms): Action => ({ kind: 'pass', ms })) },
)

const fates = fc.record({
  claims: fc.array(fc.constantFrom<ClaimFate>('good', 'good', 'lost', 'unanswered'), { maxLength: 15, size: 'max' }),
  verdicts: fc.array(fc.constantFrom<Verdict>('accepted', 'refused once', 'silent, shown', 'silent, not shown'), {
    maxLength: 8,
    size: 'max',
  }),
  acks,
})
const acts = fc.array(fc.tuple(action, fc.nat(5)), { maxLength: 40, size: 'max' })

test('notifiers that share a queue, lose answers and die anywhere, then a push is shown once, unless the provider left it open, and never when it was read or he looks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts, async (s, fated, todo) => {
      const world = new World(s, fated)
      await play(world, todo)
      for (const [seq, times] of world.shown) {
        const most = 1 + (world.doubts.get(seq) ?? 0)
        assert.ok(times <= Math.min(2, most), `push ${seq} was shown ${times} times, ${most - 1} in doubt`)
      }
    }),
    { numRuns: 150 },
  )
})

test('the same with deliveries to a webhook, then each arrives, however often somebody dies or is not answered', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts, async (s, fated, todo) => {
      const world = new World(s, fated, true)
      await play(world, todo)
      for (const seq of [1, 2]) assert.ok((world.shown.get(seq) ?? 0) >= 1, `${seq} never arrived`)
    }),
    { numRuns: 150 },
  )
})

test('notifiers that share a queue which repeats itself, none dies and every answer comes, then each push is shown exactly once', async () => {
  const verdicts = fc.array(fc.constantFrom<Verdict>('accepted', 'refused once'), { maxLength: 6, size: 'max' })
  const acts = fc.array(fc.tuple(take, fc.nat(6)), { maxLength: 30, size: 'max' })
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), verdicts, acks, acts, async (s, said, heard, todo) => {
      const world = new World(s, { claims: [], verdicts: said, acks: heard })
      await play(world, todo)
      assert.deepEqual([world.shown.get(1), world.shown.get(2)], [1, 1])
    }),
    { numRuns: 100 },
  )
})
