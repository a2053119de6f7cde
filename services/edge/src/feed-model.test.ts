import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LogEntry } from '@switchboard/bus/log-entry'
import { encodeEntry } from '@switchboard/contracts/entry'
import { isRefusal } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { Publication, SubscribeResult } from '@switchboard/contracts/protocol'
import fc from 'fast-check'
import { type Clock, systemClock } from './clock.ts'
import { jsonCodec } from './codec-json.ts'
import type { EdgeEvents } from './events.ts'
import { FeedRegistry } from './feed-registry.ts'
import type { Archive, Ear, LogSource } from './log-source.ts'
import type { Position } from './recovery.ts'
import type { Owner } from './subscription.ts'
import { Subscriptions } from './subscriptions.ts'

const events = new Proxy({}, { get: () => () => {} }) as EdgeEvents
const CHANNEL = 'room:r'

/** What may become of a live entry, and of a question. */
type LiveFate = 'heard' | 'lost' | 'twice'
type AskFate = 'answered' | 'fails' | 'old'

/** Each text tells where it belongs, so that an event in the wrong place is seen. */
const textOf = (epoch: string, seq: number) => `${epoch} ${seq}`

/** One room's log, its lossy live stream and storage. Every answer takes its time, which the scheduler decides. */
class World implements LogSource {
  readonly s: fc.Scheduler
  readonly entries: LogEntry[] = []
  readonly registry: FeedRegistry
  readonly clients: Client[] = []
  /** How many of the oldest entries the log holds no more. */
  purged = 0
  epochNow = 'e0'
  readonly #live: LiveFate[]
  readonly #asks: AskFate[]
  readonly #ears = new Set<Ear>()
  #heard: Promise<void> = Promise.resolve()

  constructor(s: fc.Scheduler, fates: { live: readonly LiveFate[]; asks: readonly AskFate[] }) {
    this.s = s
    this.#live = [...fates.live]
    this.#asks = [...fates.asks]
    this.registry = new FeedRegistry({ source: this, archive: this.archive, clock: this.clock, events })
  }

  get head_(): number {
    return this.entries.at(-1)?.range.last ?? 0
  }

  readonly clock: Clock = {
    ...systemClock,
    now: () => 0,
    steady: () => 0,
    random: () => 0,
    every: () => () => {},
    soon: (then) => void this.#step('soon').then(then),
    after: (ms, then) => {
      let isCancelled = false
      void this.#step(`after ${ms}`).then(() => !isCancelled && then())
      return () => {
        isCancelled = true
      }
    },
  }

  #step = (label: string): Promise<void> => this.s.schedule(Promise.resolve(), label)

  write(count: number): void {
    const first = this.head_ + 1
    const made = Array.from({ length: count }, (_, i): AnyEvent => {
      const seq = first + i
      const text = textOf(this.epochNow, seq)
      return { type: 'message', seq, n: seq, at: seq, from: 'a', cid: `c${seq}`, text }
    })
    const entry: LogEntry = {
      subject: 's',
      logSeq: (this.entries.at(-1)?.logSeq ?? 0) + 3,
      range: { first, last: first + count - 1, n: 0, epoch: this.epochNow },
      input: { incarnation: 'i', input: 0, floor: 0 },
      gone: [],
      messageId: '',
      payload: encodeEntry(CHANNEL, made),
    }
    this.entries.push(entry)
    const fate = this.#live.shift() ?? 'heard'
    for (let times = fate === 'lost' ? 0 : fate === 'twice' ? 2 : 1; times > 0; times -= 1) {
      // One connection keeps the order of what it does deliver.
      this.#heard = this.#heard
        .then(() => this.#step(`live ${first}`))
        .then(() => {
          for (const ear of this.#ears) ear.take(entry)
        })
    }
  }

  listen(_kind: string, _id: string, ear: Ear) {
    this.#ears.add(ear)
    return { unsubscribe: () => void this.#ears.delete(ear) }
  }

  async #ask<T>(what: string, answer: (fate: AskFate) => T): Promise<T> {
    const fate = this.#asks.shift() ?? 'answered'
    await this.#step(`${what} is asked`)
    if (fate === 'fails') throw new Error(`${what} is away`)
    const answered = answer(fate)
    await this.#step(`${what} is answered`)
    return answered
  }

  #kept = () => this.entries.slice(this.purged)
  settled = () => this.#ask('settled', () => undefined)
  head = () => this.#ask('head', () => this.#kept().at(-1) ?? null)
  // Any replica answers: it may be an entry behind.
  heads = () =>
    this.#ask('heads', (fate): Map<string, LogEntry> => {
      const head = this.#kept().at(fate === 'old' ? -2 : -1)
      return new Map(head ? [['r', head]] : [])
    })
  tail = (_: object, after: number, upTo: number) =>
    this.#ask('tail', () => this.#kept().filter(({ logSeq }) => logSeq > after && logSeq <= upTo))
  epoch = () => this.#ask('epoch', () => this.epochNow)

  get archive(): Archive {
    return {
      head: () => this.#ask('archive head', () => this.head_),
      events: (_, after, upTo) => this.#ask('archive', () => this.#stored(after, upTo)),
    }
  }

  #stored(after: number, upTo: number): Publication[] {
    const all = this.entries.flatMap(({ range: { first, last, epoch } }) =>
      Array.from({ length: last - first + 1 }, (_, i) => ({ seq: first + i, text: textOf(epoch, first + i) })),
    )
    return all
      .filter(({ seq }) => seq > after && seq <= upTo)
      .map(({ seq, text }) => ({ offset: seq, data: Buffer.from(JSON.stringify({ type: 'message', seq, text })) }))
  }
}

/** Does what an SDK does: follows its position, and resumes from there whenever it is told to or was away. */
class Client {
  position: number | null
  epoch: string
  state: 'away' | 'asking' | 'live' = 'away'
  readonly #world: World
  readonly #told: string[] = []
  #subscriptions: Subscriptions | null = null

  constructor(world: World, position: number | null) {
    this.#world = world
    this.position = position
    this.epoch = world.epochNow
  }

  come(): void {
    if (this.state !== 'away') return
    this.state = 'asking'
    const { registry: feeds, archive, clock } = this.#world
    const here = { is: true }
    const owner: Owner = {
      user: 'u',
      codec: jsonCodec,
      link: { send: (frame: Uint8Array) => here.is && this.#hear(frame), signal: () => {} } as unknown as Owner['link'],
      restart: () => assert.fail('only what the server subscribed restarts'),
    }
    const subscriptions = new Subscriptions(owner, { feeds, archive, clock, events })
    this.#subscriptions = subscriptions
    this.#leaves = () => {
      here.is = false
    }
    const position: Position = this.position === null ? {} : { recover: true, offset: this.position, epoch: this.epoch }
    const asked = subscriptions.subscribe(
      { kind: 'room', id: 'r', mayHear: () => true },
      position,
      (result) => here.is && this.#begin(result),
    )
    void asked.then((refusal) => {
      if (isRefusal(refusal) && here.is) this.leave()
    })
  }

  #leaves = (): void => {}

  leave(): void {
    this.#leaves()
    this.#subscriptions?.close()
    this.#subscriptions = null
    this.state = 'away'
  }

  #begin(result: SubscribeResult): void {
    this.state = 'live'
    if (result.was_recovering && result.recovered) {
      assert.equal(result.epoch, this.epoch, 'a position of another epoch was recovered')
      for (const { offset, data } of result.publications ?? [])
        this.#take(offset, JSON.parse(Buffer.from(data).toString()).text)
      assert.equal(this.position, result.offset, 'a part of the gap')
    }
    // Not recovered: it was told, and loads the room as of this offset.
    this.position = result.offset
    this.epoch = result.epoch
  }

  #hear(frame: Uint8Array): void {
    for (const line of Buffer.from(frame).toString().split('\n')) {
      const { push } = JSON.parse(line)
      if (push.unsubscribe) this.leave()
      else this.#take(push.pub.offset, push.pub.data.text)
    }
  }

  #take(offset: number, text: string): void {
    this.#told.push(text)
    assert.equal(offset, (this.position ?? 0) + 1, `a hole or a repetition: ${this.#told.join(', ')}`)
    assert.equal(text, textOf(this.epoch, offset))
    this.position = offset
  }
}

type Action =
  | { readonly kind: 'write'; readonly count: number }
  | { readonly kind: 'come' | 'leave'; readonly who: number }
  | { readonly kind: 'purge' | 'epoch' | 'audit' }

function act(world: World, action: Action): void {
  if (action.kind === 'write') world.write(action.count)
  else if (action.kind === 'come') world.clients[action.who]?.come()
  else if (action.kind === 'leave') world.clients[action.who]?.leave()
  else if (action.kind === 'purge') world.purged = Math.max(0, world.entries.length - 1)
  else if (action.kind === 'audit') void world.registry.auditAll()
  else world.epochNow = `e${world.entries.length}`
}

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 3 }).map((count): Action => ({ kind: 'write', count })) },
  { weight: 3, arbitrary: fc.nat(2).map((who): Action => ({ kind: 'come', who })) },
  { weight: 1, arbitrary: fc.nat(2).map((who): Action => ({ kind: 'leave', who })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Action>({ kind: 'purge' }, { kind: 'epoch' }, { kind: 'audit' }, { kind: 'audit' }),
  },
)
const fates = fc.record({
  live: fc.array(fc.constantFrom<LiveFate>('heard', 'heard', 'lost', 'twice'), { maxLength: 20, size: 'max' }),
  asks: fc.array(fc.constantFrom<AskFate>('answered', 'answered', 'fails', 'old'), { maxLength: 20, size: 'max' }),
})

test('a lossy stream, slow and failing repairs, and clients that come and go, then each is given what follows its position, or told to reload', async () => {
  const acts = fc.array(fc.tuple(action, fc.nat(6)), { maxLength: 40, size: 'max' })
  const before = fc.nat(4)
  const positions = fc.tuple(fc.option(fc.nat(6)), fc.option(fc.nat(6)), fc.option(fc.nat(6)))
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, before, positions, acts, async (s, fated, count, from, todo) => {
      const world = new World(s, fated)
      for (let i = 0; i < count; i += 1) world.write(2)
      for (const position of from) world.clients.push(new Client(world, position))
      for (const [one, steps] of todo) {
        act(world, one)
        await s.waitNext(Math.min(steps, s.count()))
      }
      for (let round = 0; round < 12; round += 1) {
        await s.waitIdle()
        for (const client of world.clients) client.come()
        void world.registry.auditAll()
      }
      for (const client of world.clients) {
        assert.deepEqual(
          [client.state, client.position, client.epoch],
          ['live', world.head_, world.entries.at(-1)?.range.epoch ?? world.epochNow],
        )
      }
    }),
    { numRuns: 100 },
  )
})
