import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Standing } from '@switchboard/contracts/desk-events'
import type { StandingCommand } from '@switchboard/contracts/records'
import { decideRoom, type EventCommand } from './decide-room.ts'
import { applyRoom, emptyRoom, type RoomState } from './room.ts'
import { effectsOf } from './user.ts'

const standing = (revision: number, more: Partial<Standing> = {}): Standing => ({
  ...{ desk: 'd1', visitor: 'vera', state: 'assigned', agent: 'ann', revision },
  ...more,
})

function put(state: RoomState, to: Standing, more: Partial<StandingCommand['body']> = {}): string[] {
  const event = to.agent === null ? 'conversation.queued' : 'conversation.assigned'
  const body = { event, kind: 'conversation', standing: to, ...more } as const
  return run(state, { method: 'conversation.put', from: '$system', cid: `d1:${to.revision}`, body })
}

/** The types of the events that followed, or the code of the refusal. */
function run(state: RoomState, command: EventCommand): string[] {
  const decision = decideRoom(state, command, { facts: {}, nowMs: 5 })
  if ('refused' in decision) return [decision.refused.code, JSON.stringify(decision.refused.state ?? null)]
  if ('existing' in decision) return []
  for (const event of decision.events) applyRoom(state, event)
  return decision.events.map((event) => ('user' in event ? `${event.type} ${event.user}` : event.type))
}

const message = (from: string, roles: string[] = ['user']) =>
  ({ method: 'message.send', from, cid: 'c', roles, body: { text: 'hello' } }) as unknown as EventCommand

test('a room of a conversation, told how it stands, has the members that follow from it', () => {
  const state = emptyRoom('d1-c')
  assert.deepEqual(put(state, standing(1, { agent: null, state: 'queued' })), ['room.created', 'conversation.queued'])
  assert.deepEqual([...state.members.keys()], ['vera'])
  assert.deepEqual(put(state, standing(3)), ['conversation.assigned', 'member.added ann'])
  assert.deepEqual(put(state, standing(5, { agent: 'ben' })), [
    'conversation.assigned',
    'member.removed ann',
    'member.added ben',
  ])
  assert.deepEqual(put(state, standing(4)), [], 'what is older changes nothing')
  assert.deepEqual(put(state, standing(6, { agent: 'ben', state: 'closed' })), [
    'conversation.assigned',
    'member.removed ben',
  ])
})

test('the room of the notes, told the same, has the agent alone, and keeps a note that comes late', () => {
  const state = emptyRoom('n-d1-c')
  const notes = { kind: 'notes', details: { form: { name: 'Vera' } } } as const
  assert.deepEqual(put(state, standing(1, { agent: null, state: 'queued' }), notes), [
    'room.created',
    'conversation.queued',
    'conversation.details',
  ])
  assert.equal(state.members.size, 0)
  put(state, standing(3), { kind: 'notes' })
  assert.deepEqual([...state.members.keys()], ['ann'])
  assert.deepEqual(put(state, standing(2), { kind: 'notes', note: { from: 'ben', text: 'late' } }), ['message'])
  assert.equal(run(state, message('ben'))[0], 'conflict')
})

test('an agent who is not responsible any more, when they write, is told who is; the visitor always may write', () => {
  const state = emptyRoom('d1-c')
  put(state, standing(1))
  assert.deepEqual(run(state, message('ann')), ['message'])
  put(state, standing(2, { agent: 'ben' }))
  assert.deepEqual(run(state, message('ann')), ['conflict', '{"state":"assigned","agent":"ben","revision":2}'])
  assert.deepEqual(run(state, message('ben')), ['message'])
  assert.deepEqual(run(state, message('vera', ['visitor'])), ['message'])
  assert.deepEqual(run(state, message('eve', ['visitor']))[0], 'not_a_member')
  const leave = { method: 'room.leave', from: 'vera', cid: 'c', body: {} } as unknown as EventCommand
  assert.equal(run(state, leave)[0], 'permission_denied')
})

test('a visitor who writes where it is closed or put off, is heard by the desk, and elsewhere once a turn', () => {
  const state = emptyRoom('d1-c')
  const heard = () => {
    const decision = decideRoom(state, message('vera', ['visitor']), { facts: {}, nowMs: 5 })
    assert.ok('events' in decision)
    return decision.events.flatMap((event) => {
      applyRoom(state, event)
      return effectsOf(state, event).map(({ kind, id, command }) => `${command.method} ${kind} ${id}`)
    })
  }
  put(state, standing(1))
  assert.deepEqual(heard(), ['desk.heard desk d1'])
  assert.deepEqual(heard(), [], 'the same turn, and no minute later')
  put(state, standing(2, { state: 'snoozed', until: 9 }))
  assert.deepEqual(heard(), ['desk.heard desk d1'])
  put(state, standing(3, { state: 'closed' }))
  assert.deepEqual(heard(), ['desk.heard desk d1'])
})
