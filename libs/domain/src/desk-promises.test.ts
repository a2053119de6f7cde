import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Conversation } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { DeskCommand } from '@switchboard/contracts/records'
import { type DeskState, emptyDesk, findConversation } from './desk.ts'
import { effectsOfDesk } from './desk-effects.ts'
import { dueAt } from './desk-steps.ts'
import { runDesk } from './run-desk.ts'

/** A desk with two agents, of whom `ann` is its supervisor, and a visitor who waits. */
function openDesk(settings: object) {
  const state: DeskState = emptyDesk('d1')
  const clock = { nowMs: 1_000_000 }
  let sent = 0
  const send = (method: string, body: object, from: string = SYSTEM) => {
    sent += 1
    const roles = from === 'root' ? ['admin'] : []
    const command = { method, body, from, cid: `c${sent}`, roles } as unknown as DeskCommand
    return runDesk(state, command, { nowMs: clock.nowMs })
  }
  const all = { title: 'D', strategy: 'manual', ...settings }
  send('desk.put', { settings: all, create: true }, 'root')
  for (const user of ['ann', 'ben']) {
    send('desk.put-agent', { user, capacity: 1, supervisor: user === 'ann' }, 'root')
    send('desk.status', { desk: 'd1', status: 'online' }, user)
  }
  send('desk.enter', { desk: 'd1' }, 'vera')
  const id = [...state.conversations.keys()][0] as string
  const now = () => findConversation(state, id) as Conversation
  const act = (method: string, from: string, more: object = {}) =>
    send(method, { conversation: id, revision: now().revision, ...more }, from)
  const pass = (ms: number): readonly DeskEvent[] => {
    clock.nowMs += ms
    const outcome = send('desk.tick', {})
    return 'events' in outcome ? outcome.events : []
  }
  return { state, clock, send, act, now, pass, id }
}

const changesOf = (events: readonly DeskEvent[]) =>
  events.map((event) =>
    event.type === 'conversation.changed' ? `${event.change} ${event.breached ?? ''}` : event.type,
  )

test('nobody is responsible in time, and no reply comes in time: each is told once, and fences nobody', () => {
  const desk = openDesk({ waiting_seconds: 60, first_reply_seconds: 120 })
  const { revision } = desk.now()
  assert.deepEqual(changesOf(desk.pass(59_999)), [])
  assert.deepEqual(changesOf(desk.pass(1)), ['breached waiting'])
  assert.deepEqual(changesOf(desk.pass(60_000)), ['breached first_reply'])
  assert.deepEqual(changesOf(desk.pass(600_000)), [])
  assert.deepEqual([desk.now().revision, desk.now().breached], [revision, ['waiting', 'first_reply']])
})

test('an agent takes it and answers in time: no promise is broken, and the first reply is known', () => {
  const desk = openDesk({ waiting_seconds: 60, first_reply_seconds: 120 })
  desk.clock.nowMs += 1_000
  desk.act('desk.pick', 'ben')
  desk.clock.nowMs += 1_000
  const { revision } = desk.now()
  desk.send('desk.heard', { conversation: desk.id, by: 'agent' })
  const { answered_at, replied_at, entered_at } = desk.now()
  assert.deepEqual([answered_at, replied_at], [entered_at + 1_000, entered_at + 2_000])
  assert.equal(desk.now().revision, revision)
  assert.equal(dueAt(desk.state, desk.clock.nowMs), null)
})

test('a visitor who says nothing after a reply, then it is closed; one who writes is waited for', () => {
  const desk = openDesk({ idle_seconds: 300 })
  desk.act('desk.pick', 'ben')
  desk.send('desk.heard', { conversation: desk.id, by: 'agent' })
  desk.clock.nowMs += 200_000
  desk.send('desk.heard', { conversation: desk.id, by: 'visitor' })
  desk.pass(600_000)
  assert.equal(desk.now().state, 'assigned', 'it is the agent who says nothing')
  desk.send('desk.heard', { conversation: desk.id, by: 'agent' })
  desk.pass(299_999)
  assert.equal(desk.now().state, 'assigned')
  desk.pass(1)
  assert.deepEqual([desk.now().state, desk.now().ended_at], ['closed', desk.clock.nowMs])
})

test('what is only noted brings no offer about a second time', () => {
  const desk = openDesk({ strategy: 'least_loaded', waiting_seconds: 5 })
  assert.equal(desk.now().state, 'offered')
  const events = desk.pass(5_000)
  assert.deepEqual(changesOf(events), ['breached waiting'])
  assert.deepEqual(
    events.flatMap((event) => effectsOfDesk('d1', event)),
    [],
  )
})

test('a supervisor takes over within their own capacity; other agents may not', () => {
  const desk = openDesk({})
  desk.act('desk.pick', 'ben')
  const codeOf = (outcome: object) => ('refused' in outcome ? (outcome.refused as { code: string }).code : 'done')
  assert.equal(codeOf(desk.act('desk.take', 'ben')), 'permission_denied')
  assert.equal(codeOf(desk.act('desk.take', 'root')), 'not_available', 'no agent of this desk')
  assert.equal(codeOf(desk.act('desk.take', 'ann')), 'done')
  assert.deepEqual([desk.now().agent, desk.now().state], ['ann', 'assigned'])
  assert.equal(codeOf(desk.act('desk.take', 'ann')), 'conflict')
  desk.send('desk.enter', { desk: 'd1' }, 'vito')
  const other = [...desk.state.conversations.values()].find(({ visitor }) => visitor === 'vito') as Conversation
  const { conversation, revision } = other
  assert.equal(codeOf(desk.send('desk.take', { conversation, revision }, 'ann')), 'limit_exceeded')
})

test('tags, given, stand in the place of those before, and a stale revision changes none', () => {
  const desk = openDesk({})
  desk.act('desk.tag', 'ben', { tags: ['refund', 'vip'] })
  assert.deepEqual(desk.now().tags, ['refund', 'vip'])
  const outcome = desk.act('desk.tag', 'ben', { revision: 1, tags: [] })
  assert.ok('refused' in outcome && outcome.refused.code === 'conflict')
  assert.deepEqual(desk.now().tags, ['refund', 'vip'])
})
