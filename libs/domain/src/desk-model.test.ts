import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Conversation, DeskSettings } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import type { DeskCommand } from '@switchboard/contracts/records'
import fc from 'fast-check'
import { applyDesk, type DeskState, deskFrom, emptyDesk, isFree, isOver, loadOf, openOf, queueKey } from './desk.ts'
import { botLateAt } from './desk-timers.ts'
import { runDesk } from './run-desk.ts'

const AGENTS = ['ann', 'ben', 'cem', 'bot'] as const
const VISITORS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6'] as const
const METHODS = ['pick', 'transfer', 'hold', 'snooze', 'resume', 'close', 'reopen', 'priority'] as const

type Action =
  | { readonly kind: 'enter' | 'leave' | 'rate'; readonly visitor: string; readonly topic: string }
  | { readonly kind: 'status'; readonly agent: string; readonly status: string; readonly capacity: number }
  | { readonly kind: 'offer'; readonly agent: string; readonly accept: boolean }
  | {
      readonly kind: 'act'
      readonly agent: string
      readonly which: number
      readonly method: string
      readonly late: boolean
    }
  | { readonly kind: 'presence'; readonly agent: string; readonly connected: boolean }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'heard' | 'answered' | 'receive'; readonly which: number }
  | { readonly kind: 'settings'; readonly settings: Partial<DeskSettings> }
  | { readonly kind: 'remove' | 'add'; readonly agent: string }

const agent = fc.constantFrom(...AGENTS)
const visitor = fc.constantFrom(...VISITORS)
const which = fc.nat(20)
const ACTION: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('enter', 'enter', 'enter', 'leave', 'rate'),
      visitor,
      topic: fc.constantFrom('', 'sales', 'law'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('status'),
      agent,
      status: fc.constantFrom('online', 'online', 'away', 'offline'),
      capacity: fc.nat(3),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('offer'), agent, accept: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('act'),
      agent,
      which,
      method: fc.constantFrom(...METHODS),
      late: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('presence'), agent, connected: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass'), ms: fc.constantFrom(1, 5_000, 31_000, 700_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('heard', 'answered', 'receive'), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'add'), agent }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('settings'),
      settings: fc.record({
        strategy: fc.constantFrom('least_loaded', 'round_robin', 'manual'),
        skill_field: fc.constantFrom('topic', null),
      }),
    }),
  },
) as fc.Arbitrary<Action>

const CREATED = { title: 'D', skills: ['sales', 'law'], skill_field: 'topic', requeue_seconds: 20 }
/** Changes by which an agent has one conversation more than before. */
const GROWS: ReadonlySet<string> = new Set(['offered', 'picked', 'reopened', 'woken', 'greeted'])
const OWNED: ReadonlySet<string> = new Set(['assigned', 'transferring', 'held', 'snoozed'])

const factsOf = ({ desk, head, at, settings, agents, conversations }: DeskState) => ({
  ...{ desk, head, at, settings },
  agents: [...agents.values()].filter(({ isGhost }) => !isGhost).map((seat) => seat.agent),
  conversations: [...conversations.values()],
})

/** Everything that follows from agents and conversations, in one comparable piece. */
const derivedOf = ({ queue, queues, free, timers, byVisitor, agents }: DeskState) => ({
  queue: queue.ids(),
  queues: [...queues].map(([skill, ids]) => [skill, ids.ids()]).sort(),
  free: [...free]
    .map(([skill, ids]) => [skill, ids.ids()] as const)
    .filter(([, ids]) => ids.length > 0)
    .sort(),
  timers: timers.ids(),
  visitors: [...byVisitor.keys()].sort(),
  loads: [...agents].map(([user, seat]) => [user, [...seat.offered].sort(), [...seat.owned].sort()]).sort(),
})

/** A desk that is given commands, and a shadow of it that only reads the events. */
class World {
  readonly state: DeskState = emptyDesk('d1')
  readonly shadow: DeskState = emptyDesk('d1')
  readonly known = new Map<string, Conversation>()
  nowMs = 1_000_000
  #sent = 0

  constructor() {
    this.send({ method: 'desk.put', body: { settings: CREATED, create: true } }, 'root', ['admin'])
    for (const user of AGENTS) this.add(user)
  }

  add(user: string): void {
    const skills = { ann: ['sales', 'law'], ben: ['sales'], cem: [], bot: [] }[user]
    this.send({ method: 'desk.put-agent', body: { user, skills, capacity: 3, bot: user === 'bot' } }, 'root', ['admin'])
  }

  send(command: { method: string; body: object }, from: string = SYSTEM, roles: readonly string[] = []): void {
    this.#sent += 1
    const full = { ...command, from, cid: `c${this.#sent}`, roles } as unknown as DeskCommand
    const outcome = runDesk(this.state, full, { nowMs: this.nowMs, isDesk: true })
    const events = 'events' in outcome ? outcome.events : []
    assert.ok(events.length <= 3 * MAX.deskSteps, 'what one command brings about is bounded')
    for (const event of events) this.#note(event)
    this.#check()
  }

  #note(event: DeskEvent): unknown {
    if (event.type !== 'conversation.changed') return applyDesk(this.shadow, event)
    const { conversation, change } = event
    const last = this.known.get(conversation.conversation)
    const isNoted = change === 'answered' || change === 'heard' || change === 'breached'
    assert.equal(conversation.revision, (last?.revision ?? 0) + (isNoted ? 0 : 1), 'a revision for each change')
    assert.equal(conversation.edition, (last?.edition ?? 0) + 1, 'an edition for each event')
    if (change === 'offered' && event.from === SYSTEM) this.#checkOrder(conversation)
    applyDesk(this.shadow, event)
    this.known.set(conversation.conversation, conversation)
    const seat = this.shadow.agents.get(conversation.offer?.agent ?? conversation.agent ?? '')
    if (seat && GROWS.has(change) && !isOver(conversation))
      assert.ok(loadOf(seat) <= seat.agent.capacity, `${seat.agent.user} has more than they take, by ${change}`)
  }

  /** Nobody who could be answered waits in front of the one who is offered. */
  #checkOrder(offered: Conversation): void {
    const free = [...this.shadow.agents.values()].filter((seat) => isFree(seat) && !seat.agent.bot)
    for (const other of this.shadow.conversations.values()) {
      if (other.state !== 'queued' || queueKey(other) >= queueKey(offered)) continue
      const { skill } = other
      const able = free.filter(({ agent }) => skill === null || agent.skills.includes(skill))
      assert.equal(able.length, 0, `${offered.conversation} is offered before ${other.conversation}`)
    }
    assert.ok(
      free.some(({ agent }) => agent.user === offered.offer?.agent),
      'whoever is asked is free',
    )
  }

  #check(): void {
    const { state, shadow, known } = this
    assert.deepEqual(derivedOf(shadow), derivedOf(state), 'the events tell all')
    assert.deepEqual(derivedOf(deskFrom(factsOf(state))), derivedOf(state), 'a snapshot tells all')
    for (const [id, { state: now, agent, bot, offer, offline }] of known) {
      const isHere = state.conversations.has(id) || state.past.has(id)
      assert.ok(isHere, `${id} is lost`)
      if (now === 'closed' || now === 'moved') continue
      assert.equal(bot === true, agent === 'bot', `${id} is said to be with a bot, and ${agent} has it`)
      assert.notEqual(offer?.agent, 'bot', `${id} is offered to a bot`)
      assert.ok(!(offline && agent !== null), `${id} waits for somebody to come, and ${agent} has it`)
      assert.equal(OWNED.has(now), agent !== null, `${id} is ${now} and the agent is ${agent}`)
      assert.equal(
        now === 'offered' || now === 'transferring',
        offer !== null,
        `${id} is ${now} with offer ${offer?.offer}`,
      )
    }
  }

  act(action: Action): unknown {
    switch (action.kind) {
      case 'pass':
        this.nowMs += action.ms
        this.send({ method: 'desk.tick', body: {} })
        return this.#checkDue()
      case 'status':
        return this.send({ method: 'desk.status', body: { desk: 'd1', ...action } }, action.agent)
      case 'presence': {
        const [connected, gone] = action.connected ? [[action.agent], []] : [[], [action.agent]]
        return this.send({ method: 'desk.presence', body: { connected, gone } })
      }
      case 'settings':
        return this.send({ method: 'desk.put', body: { settings: action.settings, create: false } }, 'root', ['admin'])
      case 'add':
        return this.add(action.agent)
      case 'remove':
        return this.send({ method: 'desk.remove-agent', body: { user: action.agent } }, 'root', ['admin'])
      case 'offer':
        return this.#answer(action.agent, action.accept ? 'desk.accept' : 'desk.decline')
      case 'act':
        return this.#byAgent(action)
      default:
        return this.#byVisitor(action)
    }
  }

  /** What was due is done, as far as one command goes. */
  #checkDue(): void {
    for (const one of this.state.conversations.values()) {
      const { offer, conversation } = one
      assert.ok(!offer || offer.expires_at > this.nowMs, `the offer of ${conversation} should have ended`)
      const lateAt = botLateAt(this.state.settings, one)
      assert.ok(lateAt === null || lateAt > this.nowMs, `the bot lets ${conversation} wait`)
    }
  }

  #answer(user: string, method: string): void {
    const mine = [...this.state.conversations.values()].find(({ offer }) => offer?.agent === user)
    this.send({ method, body: { offer: mine?.offer?.offer ?? 'd1-none.1' } }, user)
  }

  #some(which: number): Conversation | undefined {
    const all = [...this.known.values()]
    return all[which % Math.max(1, all.length)]
  }

  #byAgent({ agent: user, which: n, method, late }: Extract<Action, { kind: 'act' }>): void {
    const conversation = this.#some(n)
    if (!conversation) return
    const { conversation: id, revision } = conversation
    const before = this.known.get(id)
    const to = n % 3 === 0 ? { desk: 'd1' } : n % 3 === 1 ? { desk: 'd2' } : { agent: AGENTS[n % AGENTS.length] }
    const more = { to, until: this.nowMs + 60_000, priority: n % 2 === 0 ? 'urgent' : 'low' }
    this.send(
      { method: `desk.${method}`, body: { conversation: id, revision: late ? revision - 1 : revision, ...more } },
      user,
    )
    if (late) assert.equal(this.known.get(id), before, 'an old revision changes nothing')
  }

  #byVisitor(
    action: Extract<Action, { kind: 'enter' | 'leave' | 'rate' | 'heard' | 'answered' | 'receive' }>,
  ): unknown {
    if (action.kind === 'enter')
      return this.send({ method: 'desk.enter', body: { desk: 'd1', form: { topic: action.topic } } }, action.visitor)
    if ('visitor' in action) {
      const id = openOf(this.state, action.visitor)?.conversation ?? 'd1-none'
      return this.send({ method: `desk.${action.kind}`, body: { conversation: id, score: 4 } }, action.visitor)
    }
    const conversation = this.#some(action.which)
    if (!conversation) return
    const { conversation: id } = conversation
    if (action.kind !== 'receive')
      return this.send({
        method: 'desk.heard',
        body: { conversation: id, by: action.kind === 'heard' ? 'visitor' : 'agent' },
      })
    if (conversation.state === 'moved') this.send({ method: 'desk.receive', body: { conversation } })
  }
}

test('any commands in any order, then one owner, nothing lost, no capacity exceeded, and the queue in order', () => {
  fc.assert(
    fc.property(fc.array(ACTION, { minLength: 1, maxLength: 40 }), (actions) => {
      const world = new World()
      for (const action of actions) world.act(action)
    }),
    { numRuns: 60 },
  )
})

test('conversations with agents who are gone, after a while, wait again in their old order', () => {
  fc.assert(
    fc.property(fc.array(ACTION, { maxLength: 40 }), (actions) => {
      const world = new World()
      for (const action of actions) world.act(action)
      for (const user of AGENTS) world.act({ kind: 'status', agent: user, status: 'offline', capacity: 3 })
      for (let i = 0; i < 4; i += 1) world.act({ kind: 'pass', ms: 1 })
      const left = [...world.state.conversations.values()].filter(
        ({ state }) => state !== 'queued' && state !== 'snoozed',
      )
      assert.deepEqual(left, [], 'somebody who is not there is still responsible')
      const keys = world.state.queue.ids().map((id) => queueKey(world.state.conversations.get(id) as Conversation))
      assert.deepEqual(
        keys,
        keys.toSorted((a, b) => a - b),
      )
    }),
    { numRuns: 30 },
  )
})
