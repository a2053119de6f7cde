import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Conversation } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { DeskCommand } from '@switchboard/contracts/records'
import { type DeskState, emptyDesk, findConversation } from './desk.ts'
import { effectsOfDesk } from './desk-effects.ts'
import { waitSeconds } from './desk-status.ts'
import { dueAt } from './desk-steps.ts'
import { runDesk } from './run-desk.ts'

/** A desk with a bot, and with `ann` where somebody is there. */
function botDesk(settings: object = {}, people: readonly string[] = ['ann']) {
  const state: DeskState = emptyDesk('d1')
  const clock = { nowMs: Date.parse('2026-03-02T12:00:00Z') }
  let sent = 0
  const send = (method: string, body: object, from: string = SYSTEM): readonly DeskEvent[] => {
    sent += 1
    const roles = from === 'root' ? ['admin'] : []
    const command = { method, body, from, cid: `c${sent}`, roles } as unknown as DeskCommand
    const outcome = runDesk(state, command, { nowMs: clock.nowMs })
    return 'events' in outcome ? outcome.events : []
  }
  send('desk.put', { settings: { title: 'D', bot_seconds: 10, ...settings }, create: true }, 'root')
  for (const user of ['bot', ...people]) {
    send('desk.put-agent', { user, capacity: 1, bot: user === 'bot' }, 'root')
    send('desk.status', { desk: 'd1', status: 'online' }, user)
  }
  const enter = (visitor: string): string => {
    const [first] = send('desk.enter', { desk: 'd1' }, visitor)
    assert.ok(first?.type === 'conversation.changed')
    return first.conversation.conversation
  }
  const now = (id: string) => findConversation(state, id) as Conversation
  const act = (method: string, id: string, [from, more]: [string, object?]) =>
    send(method, { conversation: id, revision: now(id).revision, ...more }, from)
  const pass = (ms: number) => {
    clock.nowMs += ms
    return send('desk.tick', {})
  }
  return { state, clock, send, enter, now, act, pass }
}

const changesOf = (events: readonly DeskEvent[]) =>
  events.map((event) => (event.type === 'conversation.changed' ? event.change : event.type))
const standsAs = ({ state, agent, bot, offline }: Conversation) => ({ state, agent, bot, offline })
const WITH_BOT = { state: 'assigned', agent: 'bot', bot: true, offline: false }
const WITH_ANN = { state: 'assigned', agent: 'ann', bot: false, offline: false }

test('a visitor enters, then the bot has them at once and hands over with a note, and a person is asked', () => {
  const desk = botDesk({ waiting_seconds: 60, first_reply_seconds: 60 })
  const id = desk.enter('vera')
  assert.deepEqual(standsAs(desk.now(id)), WITH_BOT)
  desk.send('desk.heard', { conversation: id, by: 'agent' })
  assert.deepEqual(changesOf(desk.pass(600_000)), [], 'with a bot that answered, nothing is late')
  const handed = desk.act('desk.transfer', id, ['bot', { to: { desk: 'd1' }, note: 'about a refund' }])
  assert.deepEqual(changesOf(handed), ['transferred', 'offered'])
  const { entered_at, offer } = desk.now(id)
  assert.deepEqual([entered_at, offer?.agent], [desk.clock.nowMs, 'ann'], 'the waiting begins with it')
  desk.send('desk.accept', { offer: offer?.offer }, 'ann')
  assert.deepEqual(standsAs(desk.now(id)), WITH_ANN)
  desk.clock.nowMs += 1_000
  desk.send('desk.heard', { conversation: id, by: 'agent' })
  assert.equal(desk.now(id).replied_at, entered_at + 1_000, 'the first reply is a person’s')
  assert.equal(dueAt(desk.state, desk.clock.nowMs), null)
})

test('a bot that says nothing, at first or to a later message, then the conversation goes to people', () => {
  const desk = botDesk()
  const silent = desk.enter('vera')
  assert.deepEqual(changesOf(desk.pass(9_999)), [])
  assert.deepEqual(changesOf(desk.pass(1)), ['requeued', 'offered'])
  assert.equal(desk.now(silent).offer?.agent, 'ann')
  const later = desk.enter('vito')
  desk.send('desk.heard', { conversation: later, by: 'agent' })
  desk.clock.nowMs += 60_000
  desk.send('desk.heard', { conversation: later, by: 'visitor' })
  assert.deepEqual(standsAs(desk.now(later)), WITH_BOT)
  desk.pass(10_000)
  assert.deepEqual(standsAs(desk.now(later)), { state: 'queued', agent: null, bot: false, offline: false })
})

test('a bot that is full, away or without a connection is passed over, and what it had goes to people', () => {
  const desk = botDesk({ requeue_seconds: 5 })
  const had = desk.enter('vera')
  const more = desk.enter('vito')
  assert.equal(desk.now(more).offer?.agent, 'ann', 'it has as many as it takes')
  desk.send('desk.heard', { conversation: had, by: 'agent' })
  desk.send('desk.presence', { connected: [], gone: ['bot'] })
  assert.deepEqual(changesOf(desk.pass(5_000)), ['requeued'])
  assert.equal(desk.now(had).state, 'queued')
  assert.equal(desk.now(desk.enter('vala')).agent, null)
})

test('a bot is asked nothing: neither what waits nor what a colleague hands on to it is offered to it', () => {
  const desk = botDesk({}, [])
  const id = desk.enter('vera')
  desk.act('desk.transfer', id, ['bot', { to: { desk: 'd1' } }])
  desk.pass(600_000)
  assert.deepEqual(standsAs(desk.now(id)), { state: 'queued', agent: null, bot: false, offline: true })
  assert.equal(waitSeconds(desk.state, 1), null, 'and nobody is said to be there')
  desk.send('desk.status', { desk: 'd1', status: 'online' }, 'bot')
  const { revision } = desk.now(id)
  assert.deepEqual(desk.send('desk.transfer', { conversation: id, revision, to: { agent: 'bot' } }, 'root'), [])
})

test('what a bot has closed goes on with it, what a person has had goes on with the person', () => {
  const desk = botDesk()
  const id = desk.enter('vera')
  desk.act('desk.close', id, ['bot'])
  desk.send('desk.heard', { conversation: id, by: 'visitor' })
  assert.deepEqual(standsAs(desk.now(id)), WITH_BOT)
  desk.act('desk.transfer', id, ['bot', { to: { desk: 'd1' } }])
  desk.send('desk.accept', { offer: desk.now(id).offer?.offer }, 'ann')
  desk.act('desk.close', id, ['ann'])
  desk.send('desk.heard', { conversation: id, by: 'visitor' })
  assert.equal(desk.now(id).offer?.agent, 'ann')
})

test('a visitor comes when it is closed, or nobody is there, then it says so until somebody is responsible', () => {
  const shut = botDesk({ hours: [] }, ['ann'])
  shut.send('desk.remove-agent', { user: 'bot' }, 'root')
  const id = shut.enter('vera')
  assert.deepEqual([shut.now(id).offline, shut.now(id).state], [true, 'queued'])
  const events = shut.send('desk.put', { settings: { hours: null }, create: false }, 'root')
  assert.deepEqual(changesOf(events), ['desk.updated', 'offered'])
  assert.equal(shut.now(id).offline, true, 'asked is not answered')
  shut.send('desk.accept', { offer: shut.now(id).offer?.offer }, 'ann')
  assert.deepEqual(standsAs(shut.now(id)), WITH_ANN)
})

test('the rooms of a conversation are told that a bot has it, and that nobody is there', () => {
  const told = (events: readonly DeskEvent[]) =>
    events
      .flatMap((event) => effectsOfDesk('d1', event))
      .flatMap(({ command }) => (command.method === 'conversation.put' ? [command.body] : []))
      .filter(({ kind }) => kind === 'conversation')
      .map(({ event, standing }) => [event, standing.bot, standing.offline])
  const withBot = botDesk()
  assert.deepEqual(told(withBot.send('desk.enter', { desk: 'd1' }, 'vera')), [
    ['conversation.queued', undefined, undefined],
    ['conversation.assigned', true, undefined],
  ])
  const empty = botDesk({ hours: [] })
  empty.send('desk.remove-agent', { user: 'bot' }, 'root')
  assert.deepEqual(told(empty.send('desk.enter', { desk: 'd1' }, 'vera')), [['conversation.queued', undefined, true]])
})
