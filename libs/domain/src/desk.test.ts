import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Conversation } from '@switchboard/contracts/desks'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { DeskCommand } from '@switchboard/contracts/records'
import { type DeskState, emptyDesk, findConversation } from './desk.ts'
import { effectsOfDesk } from './desk-effects.ts'
import { isOpenAt, opensAt } from './desk-hours.ts'
import { deskOf, notesOf } from './desk-ids.ts'
import { statusOf } from './desk-status.ts'
import { dueAt } from './desk-steps.ts'
import { intentOf, intentOfCommand } from './intent.ts'
import { runDesk } from './run-desk.ts'

/** A desk with two agents, both online unless a test says otherwise. */
class Desk {
  readonly state: DeskState = emptyDesk('d1')
  nowMs = 1_000_000
  #sent = 0

  constructor(settings: object = {}) {
    this.do('desk.put', { settings: { title: 'D', ...settings }, create: true }, 'root')
    for (const user of ['ann', 'ben']) this.do('desk.put-agent', { user, capacity: 2 }, 'root')
  }

  /** What became of a command: its events, `existing`, or the refusal. */
  try(method: string, body: object, from: string = SYSTEM): readonly DeskEvent[] | Refusal {
    this.#sent += 1
    const roles = from === 'root' ? ['admin'] : []
    const command = { method, body, from, cid: `c${this.#sent}`, roles } as unknown as DeskCommand
    const outcome = runDesk(this.state, command, { nowMs: this.nowMs, isDesk: true })
    if ('refused' in outcome) return outcome.refused
    if (!('events' in outcome)) return []
    assert.equal(intentOf(outcome.events[0] as DeskEvent), intentOfCommand(command), 'its cid is known again')
    return outcome.events
  }

  do(method: string, body: object, from: string = SYSTEM): readonly DeskEvent[] {
    const outcome = this.try(method, body, from)
    assert.ok('length' in outcome, JSON.stringify(outcome))
    return outcome
  }

  online(...agents: string[]): void {
    for (const agent of agents) this.do('desk.status', { desk: 'd1', status: 'online' }, agent)
  }

  enter(visitor: string, body: object = {}): Conversation {
    this.do('desk.enter', { desk: 'd1', ...body }, visitor)
    return [...this.state.conversations.values()].find((one) => one.visitor === visitor) as Conversation
  }

  /** As it is by now. */
  now({ conversation }: Conversation): Conversation {
    return findConversation(this.state, conversation) as Conversation
  }

  accept(conversation: Conversation): Conversation {
    const { offer } = this.now(conversation)
    this.do('desk.accept', { offer: offer?.offer }, offer?.agent)
    return this.now(conversation)
  }

  /** About a conversation, with the revision that it has. */
  act(method: string, conversation: Conversation, from: string, more: object = {}) {
    const { revision } = this.now(conversation)
    return this.try(method, { conversation: conversation.conversation, revision, ...more }, from)
  }

  pass(ms: number): void {
    this.nowMs += ms
    this.do('desk.tick', {})
  }
}

const codeOf = (outcome: readonly DeskEvent[] | Refusal) => ('code' in outcome ? outcome.code : 'done')

test('a visitor who enters twice has one conversation, in the queue until somebody is there', () => {
  const desk = new Desk()
  const first = desk.enter('v1', { form: { name: 'Vera' } })
  assert.equal(desk.enter('v1'), desk.now(first))
  assert.deepEqual([first.state, first.title, deskOf(first.conversation)], ['queued', 'Vera', 'd1'])
  desk.enter('v2')
  assert.equal(statusOf(desk.state, desk.enter('v2'), desk.nowMs).position, 2)
  desk.online('ann')
  assert.deepEqual(desk.now(first).offer, {
    offer: `${first.conversation}.2`,
    agent: 'ann',
    expires_at: desk.nowMs + 30_000,
  })
})

test('two agents, of whom one is slower, cannot both take a conversation: the second is told how it stands', () => {
  const desk = new Desk({ strategy: 'manual' })
  desk.online('ann', 'ben')
  const conversation = desk.enter('v1')
  const body = { conversation: conversation.conversation, revision: 1 }
  assert.equal(codeOf(desk.try('desk.pick', body, 'ann')), 'done')
  const refused = desk.try('desk.pick', body, 'ben') as Refusal
  assert.deepEqual([refused.code, refused.field], ['conflict', 'revision'])
  assert.deepEqual(refused.state, {
    ...{ conversation: conversation.conversation, room: conversation.conversation, desk: 'd1' },
    ...{ state: 'assigned', revision: 2, agent: 'ann' },
  })
})

test('an offer that is not answered ends and goes to the next, and who misses three is away', () => {
  const desk = new Desk()
  desk.online('ann', 'ben')
  const conversation = desk.enter('v1')
  const first = desk.now(conversation).offer
  desk.pass(30_000)
  const second = desk.now(conversation).offer
  assert.notEqual(second?.agent, first?.agent)
  assert.equal(codeOf(desk.try('desk.accept', { offer: first?.offer }, first?.agent)), 'conflict')
  for (let i = 0; i < 5; i += 1) desk.pass(30_000)
  assert.deepEqual(
    [...desk.state.agents.values()].map(({ agent }) => agent.status),
    ['away', 'away'],
  )
  assert.equal(desk.now(conversation).state, 'queued')
})

test('an agent whose connections are gone keeps what they have for a while, and away they give it back at once', () => {
  const desk = new Desk()
  desk.online('ann')
  const [one, two] = [desk.enter('v1'), desk.enter('v2')]
  for (const each of [one, two]) desk.accept(each)
  desk.do('desk.presence', { connected: [], gone: ['ann'] })
  desk.pass(29_000)
  assert.equal(desk.now(one).agent, 'ann')
  desk.do('desk.presence', { connected: ['ann'], gone: [] })
  desk.pass(60_000)
  assert.equal(desk.now(one).agent, 'ann')
  desk.do('desk.presence', { connected: [], gone: ['ann'] })
  assert.equal(dueAt(desk.state, desk.nowMs), desk.nowMs + 30_000)
  desk.pass(30_000)
  assert.deepEqual([desk.now(one).state, desk.now(two).state], ['queued', 'queued'])
  desk.online('ben')
  for (const each of [one, two]) desk.accept(each)
  desk.do('desk.status', { desk: 'd1', status: 'away' }, 'ben')
  assert.deepEqual(desk.state.queue.ids(), [one.conversation, two.conversation])
})

test('a conversation handed to an agent stays with its own until that one accepts; declined, it stays', () => {
  const desk = new Desk()
  desk.online('ann')
  const conversation = desk.accept(desk.enter('v1'))
  assert.equal(codeOf(desk.act('desk.transfer', conversation, 'ann', { to: { agent: 'ben' } })), 'not_available')
  desk.online('ben')
  const events = desk.act('desk.transfer', conversation, 'ann', { to: { agent: 'ben' }, note: 'angry' })
  assert.deepEqual([desk.now(conversation).state, desk.now(conversation).agent], ['transferring', 'ann'])
  const effects = (events as readonly DeskEvent[]).flatMap((event) => effectsOfDesk('d1', event))
  const carrying = effects.filter(({ command }) => JSON.stringify(command).includes('angry'))
  assert.deepEqual(
    carrying.map(({ id }) => id),
    [notesOf(conversation.conversation)],
    'the note is for agents alone',
  )
  desk.do('desk.decline', { offer: desk.now(conversation).offer?.offer }, 'ben')
  assert.deepEqual([desk.now(conversation).state, desk.now(conversation).agent], ['assigned', 'ann'])
  desk.pass(20_000)
  desk.act('desk.transfer', conversation, 'ann', { to: { agent: 'ben' } })
  assert.equal(desk.accept(conversation).agent, 'ben')
  assert.equal(codeOf(desk.act('desk.close', conversation, 'ann')), 'conflict')
})

test('a conversation handed to another desk is decided there from then on, and waits there as long as it did here', () => {
  const desk = new Desk()
  desk.online('ann')
  const conversation = desk.accept(desk.enter('v1'))
  const events = desk.act('desk.transfer', conversation, 'ann', { to: { desk: 'd2' } }) as readonly DeskEvent[]
  const [told] = events.flatMap((event) => effectsOfDesk('d1', event)).filter(({ kind }) => kind === 'desk')
  assert.ok(told?.id === 'd2' && told.command.method === 'desk.receive')
  const state = emptyDesk('d2')
  const received = runDesk(state, told.command, { nowMs: desk.nowMs + 5 })
  assert.ok('events' in received)
  const there = state.conversations.get(conversation.conversation)
  const wanted = { state: 'queued', revision: desk.now(conversation).revision + 1, entered_at: conversation.entered_at }
  assert.deepEqual({ state: there?.state, revision: there?.revision, entered_at: there?.entered_at }, wanted)
  const asked = { conversation: conversation.conversation, revision: 9 }
  const command = { method: 'desk.close', body: asked, from: 'ann', cid: 'x' } as unknown as DeskCommand
  assert.deepEqual(runDesk(desk.state, command, { nowMs: desk.nowMs }), { forward: 'd2' })
})

test('what is put off comes back in time, or when the visitor writes, to its agent or the queue', () => {
  const desk = new Desk()
  desk.online('ann')
  const conversation = desk.accept(desk.enter('v1'))
  const until = desk.nowMs + 3_600_000
  assert.equal(codeOf(desk.act('desk.snooze', conversation, 'ann', { until })), 'done')
  assert.equal(desk.state.agents.get('ann')?.owned.size, 0)
  desk.pass(3_600_000)
  assert.deepEqual([desk.now(conversation).state, desk.now(conversation).agent], ['assigned', 'ann'])
  desk.act('desk.snooze', conversation, 'ann', { until: desk.nowMs + 60_000 })
  desk.do('desk.status', { desk: 'd1', status: 'offline' }, 'ann')
  desk.do('desk.heard', { conversation: conversation.conversation, by: 'visitor' })
  assert.equal(desk.now(conversation).state, 'queued')
})

test('a conversation that has ended is rated, and opened again by its visitor for the same agent', () => {
  const desk = new Desk()
  desk.online('ann', 'ben')
  const conversation = desk.accept(desk.enter('v1'))
  const { agent } = conversation
  assert.equal(codeOf(desk.act('desk.close', conversation, agent as string)), 'done')
  assert.equal(codeOf(desk.try('desk.rate', { conversation: conversation.conversation, score: 5 }, 'v2')), 'not_found')
  desk.do('desk.rate', { conversation: conversation.conversation, score: 5 }, 'v1')
  desk.act('desk.reopen', conversation, 'v1')
  const { state, offer, score } = desk.now(conversation)
  assert.deepEqual([state, offer?.agent, score], ['offered', agent, 5])
})

test('commands of those who may not, are refused', () => {
  const desk = new Desk()
  desk.online('ann')
  const conversation = desk.accept(desk.enter('v1'))
  const about = { conversation: conversation.conversation, revision: conversation.revision }
  const cases: [string, object, string, string][] = [
    ['desk.put', { settings: {}, create: false }, 'ann', 'permission_denied'],
    ['desk.put-agent', { user: 'eve' }, 'ann', 'permission_denied'],
    ['desk.status', { desk: 'd1', status: 'online' }, 'eve', 'permission_denied'],
    ['desk.status', { desk: 'd1', status: 'online', capacity: 3 }, 'ann', 'limit_exceeded'],
    ['desk.close', about, 'v1', 'permission_denied'],
    ['desk.close', about, 'ben', 'conflict'],
    ['desk.leave', about, 'v2', 'not_found'],
    ['desk.close', { ...about, conversation: 'd1-unknown' }, 'ann', 'not_found'],
  ]
  for (const [method, body, from, code] of cases)
    assert.equal(codeOf(desk.try(method, body, from)), code, `${from}: ${method}`)
  assert.equal(codeOf(desk.act('desk.close', conversation, 'root')), 'done')
})

const weekdays = { time_zone: 'Europe/Zurich', hours: [{ days: [1, 2, 3, 4, 5], from: '08:00', to: '18:00' }] }
const at = (text: string) => Date.parse(text)

test('opening hours, in their own zone, also in the night and when clocks are set', () => {
  // A Friday in winter: Zurich is an hour ahead.
  assert.equal(isOpenAt(weekdays, at('2026-01-09T06:59:00Z')), false)
  assert.equal(isOpenAt(weekdays, at('2026-01-09T07:00:00Z')), true)
  assert.equal(isOpenAt(weekdays, at('2026-01-09T17:00:00Z')), false)
  assert.equal(opensAt(weekdays, at('2026-01-09T17:00:00Z')), at('2026-01-12T07:00:00Z'))
  // Over the weekend in which summer begins.
  assert.equal(opensAt(weekdays, at('2026-03-27T18:00:00Z')), at('2026-03-30T06:00:00Z'))
  const night = { time_zone: 'UTC', hours: [{ days: [7], from: '22:00', to: '06:00' }] }
  assert.equal(isOpenAt(night, at('2026-01-12T05:59:00Z')), true)
  assert.equal(isOpenAt(night, at('2026-01-12T06:00:00Z')), false)
  assert.equal(opensAt({ time_zone: 'UTC', hours: null }, 0), null)
})

test('outside its hours a desk keeps who comes, and asks its agents when it opens', () => {
  const desk = new Desk(weekdays)
  desk.nowMs = at('2026-01-09T20:00:00Z')
  desk.online('ann')
  const conversation = desk.enter('v1')
  assert.deepEqual([conversation.state, statusOf(desk.state, conversation, desk.nowMs).open], ['queued', false])
  assert.equal(dueAt(desk.state, desk.nowMs), at('2026-01-12T07:00:00Z'))
  desk.pass(at('2026-01-12T07:00:00Z') - desk.nowMs)
  assert.equal(desk.now(conversation).state, 'offered')
})

test('a refusal with a state, made, carries it', () => {
  assert.deepEqual(refuse('conflict', { state: { revision: 2 } }).state, { revision: 2 })
})
