import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation } from '@switchboard/contracts/desks'
import fc from 'fast-check'
import { ModelClock } from '../test/model-clock.ts'
import { DeskFeed } from './desk-feed.ts'
import type { DeskPage } from './desk-table.ts'
import { SwitchboardError } from './failure.ts'

/** Conversations in one page of the model's view. */
const PAGE = 3
type Fate = 'good' | 'lost'

/** A desk with its log, and the connection of one agent. */
class World {
  readonly s: fc.Scheduler
  readonly clock = new ModelClock()
  readonly feed: DeskFeed
  readonly conversations = new Map<string, Conversation>()
  readonly agents = new Map<string, Agent>()
  readonly seen: number[] = []
  readonly #fates: Fate[]
  log: DeskEvent[] = []
  asked = 0
  #connected = false
  #connection = 0
  /** The newest event that the connection has brought, so that it can be recovered from there. */
  #offset = 0
  /** What the connection still has to bring, in order. */
  #line: (() => void)[] = []

  constructor(s: fc.Scheduler, fates: readonly Fate[]) {
    this.s = s
    this.#fates = [...fates]
    this.feed = new DeskFeed({
      clock: this.clock,
      view: (after) => this.#view(after),
      onEvent: ({ seq }) => void this.seen.push(seq),
      onChanged: () => {},
    })
  }

  #step = (label: string): Promise<void> => this.s.schedule(Promise.resolve(), label)

  async #view(after = ''): Promise<DeskPage> {
    this.asked += 1
    const fate = this.#fates.shift() ?? 'good'
    const connection = this.#connection
    await this.#step('the view is asked')
    const left = [...this.conversations.keys()].filter((id) => id > after).sort()
    const page: DeskPage = {
      desk: 'd',
      head: this.log.length,
      settings: { title: 'D' } as DeskPage['settings'],
      open: true,
      agents: after === '' ? [...this.agents.values()] : [],
      conversations: left.slice(0, PAGE).flatMap((id) => this.conversations.get(id) ?? []),
      more: left.length > PAGE,
    }
    await this.#step('the view is answered')
    if (fate === 'lost' || connection !== this.#connection)
      throw new SwitchboardError({ code: 'timeout', message: 'lost', retry: true })
    return page
  }

  /** The log grows by a change of one conversation, or of an agent. */
  change(which: number, hidden = false): void {
    const seq = this.log.length + 1
    const every = { seq, n: 0, at: seq, from: '$system', cid: `${seq}` }
    let event: DeskEvent
    if (which % 5 === 0) {
      const agent = { user: `a${which % 3}`, served: seq } as Agent
      this.agents.set(agent.user, agent)
      event = { ...every, type: 'agent.updated', agent }
    } else {
      const id = `d-${which}`
      const revision = (this.conversations.get(id)?.revision ?? 0) + 1
      const conversation = { conversation: id, revision, edition: revision, state: 'queued', at: seq } as Conversation
      this.conversations.set(id, conversation)
      event = { ...every, type: 'conversation.changed', change: 'entered', conversation }
    }
    this.log.push(event)
    if (this.#connected && !hidden) this.#bring(() => this.#publish(event))
  }

  #publish(event: DeskEvent): void {
    this.#offset = event.seq
    this.feed.publication(event)
  }

  #bring(work: () => void): void {
    this.#line.push(work)
    const connection = this.#connection
    void this.#step('the connection brings').then(() => {
      if (connection === this.#connection) this.#line.shift()?.()
    })
  }

  connect(isRecovered: boolean): void {
    if (this.#connected) return
    this.#connected = true
    this.#connection += 1
    this.feed.setConnected(true)
    const recovered = isRecovered && this.#offset > 0
    const missed = recovered ? this.log.slice(this.#offset) : []
    const head = this.log.length
    this.#bring(() => {
      if (!recovered) this.#offset = head
      this.feed.subscribed({ recovered })
    })
    for (const event of missed) this.#bring(() => this.#publish(event))
  }

  disconnect(): void {
    if (!this.#connected) return
    this.#connected = false
    this.#connection += 1
    this.#line = []
    this.feed.setConnected(false)
  }

  calm(): void {
    this.#fates.length = 0
  }

  async rest(): Promise<void> {
    await this.s.waitIdle()
    for (let round = 0; round < 10; round += 1) {
      this.clock.pass(10_000)
      await this.s.waitIdle()
    }
  }

  /** What the agent sees is what the desk is. */
  check(): void {
    const { table } = this.feed
    assert.equal(this.feed.status, 'live')
    assert.equal(table.position, this.log.length, 'the table does not end at the head')
    assert.deepEqual(new Map([...table.conversations].sort()), new Map([...this.conversations].sort()))
    assert.deepEqual(new Map([...table.agents].sort()), new Map([...this.agents].sort()))
    const sorted = this.seen.toSorted((a, b) => a - b)
    assert.deepEqual(this.seen, sorted, 'events come out of order')
    assert.equal(new Set(this.seen).size, this.seen.length, 'an event comes twice')
  }
}

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('change' as const), which: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('recover' as const, 'connect' as const, 'disconnect' as const, 'hide' as const),
      which: fc.integer({ min: 1, max: 12 }),
    }),
  },
)
const fates = fc.array(fc.constantFrom<Fate>('good', 'lost'), { maxLength: 10 })
const acts = fc.array(fc.tuple(action, fc.nat(4)), { maxLength: 40, size: 'max' })

test('a desk that is followed over lost views, holes and reconnects, then the table is the desk, and events come once in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fates, acts, async (s, fated, todo) => {
      const world = new World(s, fated)
      for (const [{ kind, which }, steps] of todo) {
        if (kind === 'change') world.change(which)
        else if (kind === 'hide') world.change(which, true)
        else if (kind === 'disconnect') world.disconnect()
        else world.connect(kind === 'recover')
        for (let left = Math.min(steps, s.count()); left > 0 && s.count() > 0; left -= 1) await s.waitNext(1)
      }
      world.calm()
      world.connect(false)
      await world.rest()
      // A hole at the end shows with the next event.
      world.change(7)
      await world.rest()
      world.check()
    }),
    { numRuns: 100 },
  )
})

test('an agent who returns and recovers, then nothing is asked again, however many conversations there are', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (s) => {
      const world = new World(s, [])
      for (let i = 1; i <= 40; i += 1) world.change(i)
      world.connect(false)
      await world.rest()
      world.check()
      const { asked } = world
      world.disconnect()
      for (let i = 1; i <= 20; i += 1) world.change(i)
      world.connect(true)
      await world.rest()
      world.check()
      assert.equal(world.asked, asked)
    }),
    { numRuns: 20 },
  )
})
