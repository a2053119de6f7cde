import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ModelClock } from '../test/model-clock.ts'
import { cidSource } from './cid.ts'
import { SwitchboardError } from './failure.ts'
import { Outbox } from './outbox.ts'
import type { OutboxEntry } from './outbox-store.ts'

/** What may become of a message on its way: only `good` brings its answer back. */
type Fate = 'good' | 'lost' | 'unanswered'

const lost = (): SwitchboardError => new SwitchboardError({ code: 'timeout', message: 'no answer', retry: true })

/** A server that knows cids, a disk, and one client that may begin anew at any moment. */
class World {
  readonly s: fc.Scheduler
  readonly disk = new Map<string, OutboxEntry>()
  /** What the rooms hold. */
  readonly rooms: OutboxEntry[] = []
  /** What was written and lay on the disk at least once. */
  readonly kept = new Set<string>()
  readonly nextCid: () => string
  outbox: Outbox
  isLoaded = true
  readonly clock = new ModelClock(1_000_000)
  readonly #fates: Fate[]
  #life = 0
  #written = 0

  constructor(s: fc.Scheduler, fates: readonly Fate[]) {
    this.s = s
    this.#fates = [...fates]
    this.nextCid = cidSource(this.clock)
    this.outbox = this.#begin()
  }

  #step = (label: string): Promise<void> => this.s.schedule(Promise.resolve(), label)

  #begin(): Outbox {
    this.#life += 1
    const life = this.#life
    const ifAlive = async <T>(label: string, work: () => T): Promise<T> => {
      await this.#step(label)
      return life === this.#life ? work() : new Promise<T>(() => {})
    }
    const store = {
      load: () => ifAlive('load', () => [...this.disk.values()]),
      put: (entry: OutboxEntry) =>
        ifAlive(`keep ${entry.text}`, () => {
          this.kept.add(entry.text)
          this.disk.set(entry.cid, entry)
        }),
      remove: (cid: string) => ifAlive('forget', () => void this.disk.delete(cid)),
    }
    const send = (entry: OutboxEntry) => this.#send(entry)
    return new Outbox({
      clock: this.clock,
      store,
      nextCid: this.nextCid,
      send,
      onStoreError: (error) => assert.fail(String(error)),
    })
  }

  /** Goes on after its sender has died: what is on its way arrives or not. */
  async #send(entry: OutboxEntry): Promise<{ seq: number; at: number }> {
    const fate = this.#fates.shift() ?? 'good'
    await this.#step(`send ${entry.text}`)
    if (fate === 'lost') throw lost()
    if (!this.rooms.some(({ cid }) => cid === entry.cid)) this.#apply(entry)
    const answer = { seq: this.rooms.findIndex(({ cid }) => cid === entry.cid) + 1, at: 1 }
    await this.#step(`answer ${entry.text}`)
    if (fate === 'unanswered') throw lost()
    return answer
  }

  #apply(entry: OutboxEntry): void {
    this.rooms.push(entry)
    const seq = this.rooms.length
    // The room shows it, before or after the answer comes.
    void this.#step(`show ${entry.text}`).then(() => this.outbox.confirm(entry.cid, { seq, at: 1 }))
  }

  write(room: string): void {
    this.#written += 1
    this.outbox.add({ room, text: `${this.#written}` })
  }

  reload(): void {
    this.outbox.close()
    this.clock.forget()
    this.outbox = this.#begin()
    // A person connects when what an earlier run left is taken up, as `Switchboard.start` does.
    this.isLoaded = false
    const { outbox } = this
    void outbox.load().then(() => {
      if (this.outbox === outbox) this.isLoaded = true
    })
  }

  connect(isConnected: boolean): void {
    if (this.isLoaded) this.outbox.setConnected(isConnected)
  }
}

type Action = { readonly kind: 'write'; readonly room: string } | { readonly kind: 'reload' | 'on' | 'off' | 'pass' }

function act(world: World, action: Action): void {
  if (action.kind === 'write') world.write(action.room)
  else if (action.kind === 'reload') world.reload()
  else if (action.kind === 'pass') world.clock.pass(5_000)
  else world.connect(action.kind === 'on')
}

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b').map((room): Action => ({ kind: 'write', room })) },
  {
    weight: 5,
    arbitrary: fc.constantFrom<Action>(
      { kind: 'reload' },
      { kind: 'on' },
      { kind: 'on' },
      { kind: 'off' },
      { kind: 'pass' },
    ),
  },
)

test('an outbox whose connection, answers and process come and go, then each room holds all that was kept, once and in order', async () => {
  const fates = fc.array(fc.constantFrom<Fate>('good', 'lost', 'unanswered'), { maxLength: 20, size: 'max' })
  const acts = fc.array(fc.tuple(action, fc.nat(5)), { maxLength: 25, size: 'max' })
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts, async (s, fated, todo) => {
      const world = new World(s, fated)
      for (const [one, steps] of todo) {
        act(world, one)
        await s.waitNext(Math.min(steps, s.count()))
      }
      for (let round = 0; round < 60 && (round === 0 || world.outbox.size > 0); round += 1) {
        await s.waitIdle()
        world.connect(true)
        await s.waitIdle()
        world.clock.pass(20_000)
        await s.waitIdle()
      }
      assert.equal(world.outbox.size, 0, 'something is never sent')
      assert.equal(world.disk.size, 0, 'something is kept for ever')
      const texts = world.rooms.map(({ text }) => text)
      assert.equal(new Set(texts).size, texts.length, `sent twice: ${texts.join(' ')}`)
      for (const text of world.kept) assert.ok(texts.includes(text), `${text} is lost`)
      for (const room of ['a', 'b']) {
        const order = world.rooms.filter((entry) => entry.room === room).map(({ text }) => Number(text))
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
          'out of order',
        )
      }
    }),
    { numRuns: 60 },
  )
})
