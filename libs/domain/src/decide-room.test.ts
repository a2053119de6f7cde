import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OwnKind, Role, RoomEvent, RoomKind } from '@switchboard/contracts/events'
import { SYSTEM } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import type { MessageFacts } from '@switchboard/contracts/queries'
import type { RoomCommand } from '@switchboard/contracts/records'
import { decideRoom, type EventCommand, targetOf } from './decide-room.ts'
import { applyRoom, emptyRoom, type RoomState } from './room.ts'

const NOW = 1_700_000_000_000
const ACTORS = ['owner', 'moderator', 'member', 'reader', 'outsider', 'server'] as const
type Actor = (typeof ACTORS)[number]

/** A room with one member of each role, named by it, and a second owner. */
function roomOf(kind: RoomKind): RoomState {
  const state = emptyRoom('r1')
  const roles: readonly Role[] = ['owner', 'moderator', 'member', 'reader']
  const members = roles.map((role): { user: string; role: Role } => ({ user: role, role }))
  members.push({ user: 'owner2', role: 'owner' }, { user: 'member2', role: 'member' })
  const everyEvent = { seq: 1, n: 0, at: NOW, from: 'owner', cid: 'c0' }
  applyRoom(state, { type: 'room.created', ...everyEvent, kind, members })
  return state
}

const message = (from: string): MessageFacts => ({ seq: 1, from, deleted: false, message: true, n: 1 })
type Body<M extends RoomCommand['method']> = Extract<RoomCommand, { method: M }>['body']
const command = <M extends Exclude<EventCommand['method'], 'conversation.put'>>(
  method: M,
  from: string,
  body: Body<M>,
): EventCommand => ({ method, from, cid: 'c1', body, ...(from === 'server' ? { roles: ['api'] } : {}) }) as EventCommand

/** What becomes of a decision: the types of its events, or the code of its refusal. */
function outcome(state: RoomState, asked: EventCommand, target?: MessageFacts): string {
  const decision = decideRoom(state, asked, { facts: { target }, nowMs: NOW })
  if ('refused' in decision) return decision.refused.code
  if ('existing' in decision) return 'existing'
  return decision.events.map(({ type }) => type).join(' + ')
}

const no = 'permission_denied'
const out = 'not_a_member'
type Row = readonly [owner: string, moderator: string, member: string, reader: string, outsider: string, server: string]
const managers = (event: string): Row => [event, event, no, no, out, event]
const writers = (event: string): Row => [event, event, event, no, out, event]
const nobody = (outsider: string, server: string): Row => [no, no, no, no, outsider, server]
const SEND = { text: 'hello' }
const OWN = 'their own'

interface Case {
  readonly what: string
  readonly make: (from: Actor) => EventCommand
  readonly target?: (from: Actor) => MessageFacts
  readonly group: Row
  /** Where it differs from a group. */
  readonly public?: Row
  readonly direct: Row
}

const CASES: readonly Case[] = [
  {
    what: 'message.send',
    make: (from) => command('message.send', from, SEND),
    group: writers('message'),
    direct: writers('message'),
  },
  {
    what: `message.edit of ${OWN}`,
    make: (from) => command('message.edit', from, { seq: 1, text: 'x' }),
    target: message,
    group: writers('message.edited'),
    direct: writers('message.edited'),
  },
  {
    what: 'message.edit of another’s',
    make: (from) => command('message.edit', from, { seq: 1, text: 'x' }),
    target: () => message('member2'),
    group: nobody(out, no),
    direct: nobody(out, no),
  },
  {
    what: `message.delete of ${OWN}`,
    make: (from) => command('message.delete', from, { seq: 1 }),
    target: message,
    group: writers('message.deleted'),
    direct: writers('message.deleted'),
  },
  {
    what: 'message.delete of another’s',
    make: (from) => command('message.delete', from, { seq: 1 }),
    target: () => message('member2'),
    group: managers('message.deleted'),
    direct: nobody(out, no),
  },
  {
    what: 'message.react',
    make: (from) => command('message.react', from, { seq: 1, emoji: '👍', on: true }),
    target: () => message('member2'),
    group: writers('message.reacted'),
    direct: writers('message.reacted'),
  },
  {
    what: 'room.update',
    make: (from) => command('room.update', from, { title: 'T' }),
    group: managers('room.updated'),
    direct: nobody(out, no),
  },
  {
    what: 'room.add of somebody new',
    make: (from) => command('room.add', from, { user: 'new' }),
    group: managers('member.added'),
    direct: nobody(out, no),
  },
  {
    what: 'room.add of a member',
    make: (from) => command('room.add', from, { user: 'member2' }),
    group: managers('already_member'),
    direct: nobody(out, no),
  },
  {
    what: 'room.remove of a member',
    make: (from) => command('room.remove', from, { user: 'member2' }),
    group: managers('member.removed'),
    direct: nobody(out, no),
  },
  {
    what: 'room.remove of an owner',
    make: (from) => command('room.remove', from, { user: 'owner2' }),
    group: ['member.removed', no, no, no, out, no],
    direct: nobody(out, no),
  },
  {
    what: 'room.remove of a stranger',
    make: (from) => command('room.remove', from, { user: 'stranger' }),
    group: managers('not_found'),
    direct: nobody(out, no),
  },
  {
    what: 'room.role of a member',
    make: (from) => command('room.role', from, { user: 'member2', role: 'moderator' }),
    group: ['member.changed', no, no, no, out, no],
    direct: nobody(out, no),
  },
  {
    what: 'room.role of a stranger',
    make: (from) => command('room.role', from, { user: 'stranger', role: 'moderator' }),
    group: ['not_found', no, no, no, out, no],
    direct: nobody(out, no),
  },
  {
    what: 'room.leave',
    make: (from) => command('room.leave', from, {}),
    group: ['member.removed', 'member.removed', 'member.removed', 'member.removed', out, out],
    direct: [no, no, no, no, out, no],
  },
  {
    what: 'room.join',
    make: (from) => command('room.join', from, {}),
    group: [out, out, out, out, out, out],
    public: ['already_member', 'already_member', 'already_member', 'already_member', 'member.added', 'member.added'],
    direct: [out, out, out, out, out, out],
  },
]

for (const { what, make, target, ...rows } of CASES) {
  for (const kind of ['group', 'public', 'direct'] as const) {
    test(`${what}, in a ${kind} room, by each role, is decided as the table says`, () => {
      const row = rows[kind] ?? rows.group
      const decided = ACTORS.map((actor) => outcome(roomOf(kind), make(actor), target?.(actor)))
      assert.deepEqual(decided, [...row])
    })
  }
}

test('any command but create, to a room that is not there, is refused as to a room one is not in', () => {
  for (const { make } of CASES) assert.equal(outcome(emptyRoom('r1'), make('owner'), message('owner')), out)
})

test('a change, of what is no message, is deleted or is not there, is refused and names seq', () => {
  const gone = [undefined, { ...message('owner'), deleted: true }, { ...message('owner'), message: false }]
  for (const asked of CASES.filter(({ target }) => target).map(({ make }) => make('owner'))) {
    assert.equal(targetOf(asked as RoomCommand), 1)
    for (const target of gone) {
      const decision = decideRoom(roomOf('group'), asked, { facts: { target }, nowMs: NOW })
      assert.ok('refused' in decision && decision.refused.code === 'not_found' && decision.refused.field === 'seq')
    }
  }
})

test('a reply, to what is after the head, is refused and names reply_to', () => {
  const reply = command('message.send', 'owner', { ...SEND, reply_to: 2 })
  assert.equal(outcome(roomOf('group'), reply), 'not_found')
  assert.equal(outcome(roomOf('group'), command('message.send', 'owner', { ...SEND, reply_to: 1 })), 'message')
})

test('the last owner, when leaving or removed, passes the room to the oldest member', () => {
  const state = emptyRoom('r1')
  const everyEvent = { n: 0, at: NOW, from: 'a', cid: 'c0' }
  applyRoom(state, {
    type: 'room.created',
    seq: 1,
    ...everyEvent,
    kind: 'group',
    members: [{ user: 'a', role: 'owner' }],
  })
  applyRoom(state, { type: 'member.added', seq: 2, ...everyEvent, user: 'z', role: 'member' })
  applyRoom(state, { type: 'member.added', seq: 3, ...everyEvent, user: 'b', role: 'member' })
  const decision = decideRoom(state, command('room.leave', 'a', {}), { facts: {}, nowMs: NOW })
  assert.ok('events' in decision)
  assert.deepEqual(decision.events, [
    { type: 'member.removed', seq: 4, n: 0, at: NOW, from: 'a', cid: 'c1', user: 'a' },
    { type: 'member.changed', seq: 5, n: 0, at: NOW, from: SYSTEM, cid: '4:1', user: 'z', role: 'owner' },
  ] satisfies RoomEvent[])
  assert.equal(outcome(state, command('room.role', 'a', { user: 'a', role: 'member' })), 'conflict')
})

test('an empty room, when somebody enters it again, is theirs', () => {
  const state = emptyRoom('r1')
  const created = { type: 'room.created', seq: 1, n: 0, at: NOW, from: 'a', cid: 'c0', kind: 'public' } as const
  applyRoom(state, { ...created, members: [{ user: 'a', role: 'owner' }] })
  applyRoom(state, { type: 'member.removed', seq: 2, n: 0, at: NOW, from: 'a', cid: 'c1', user: 'a' })
  assert.equal(outcome(state, command('room.join', 'b', {})), 'member.added + member.changed')
})

const CREATE: readonly [what: string, body: Body<'room.create'>, expected: string][] = [
  ['a group of one', { kind: 'group' }, 'room.created'],
  ['a group with members', { kind: 'group', members: ['b', 'c'] }, 'room.created'],
  ['a public room', { kind: 'public', title: 'T' }, 'room.created'],
  ['a direct room with one other', { kind: 'direct', members: ['b'] }, 'room.created'],
  ['a direct room that names its maker too', { kind: 'direct', members: ['a', 'b'] }, 'room.created'],
  ['a direct room with nobody', { kind: 'direct' }, 'bad_request'],
  ['a direct room with oneself', { kind: 'direct', members: ['a'] }, 'bad_request'],
  ['a direct room with two others', { kind: 'direct', members: ['b', 'c'] }, 'bad_request'],
]

for (const [what, body, expected] of CREATE) {
  test(`${what}, asked for, is ${expected}`, () => {
    assert.equal(outcome(emptyRoom('r1'), command('room.create', 'a', body)), expected)
  })
}

test('a new room, of each kind, has its maker as owner, and a direct one both', () => {
  const membersOf = (kind: OwnKind) => {
    const decision = decideRoom(emptyRoom('r1'), command('room.create', 'a', { kind, members: ['b'] }), {
      facts: {},
      nowMs: NOW,
    })
    return 'events' in decision && decision.events[0]?.type === 'room.created' ? decision.events[0].members : []
  }
  assert.deepEqual(membersOf('group'), [
    { user: 'a', role: 'owner' },
    { user: 'b', role: 'member' },
  ])
  assert.deepEqual(membersOf('direct'), [
    { user: 'a', role: 'owner' },
    { user: 'b', role: 'owner' },
  ])
})

test('a room that is there, created again, is the same for its pair and a used cid for others', () => {
  const pair = command('room.create', 'owner', { kind: 'direct', members: ['owner2'] })
  assert.equal(outcome(roomOf('direct'), pair), 'existing')
  assert.equal(outcome(roomOf('group'), command('room.create', 'owner', { kind: 'group' })), 'cid_conflict')
})

test('a full room, when somebody is added, is refused with its limit', () => {
  const state = roomOf('group')
  const one = state.members.get('member')
  assert.ok(one)
  for (let i = state.members.size; i < MAX.roomMembers; i += 1) state.members.set(`u${i}`, { ...one, user: `u${i}` })
  assert.equal(outcome(state, command('room.add', 'owner', { user: 'new' })), 'limit_exceeded')
})

test('a decision, made, leaves the room as it was', () => {
  const state = roomOf('group')
  const before = structuredClone(state)
  for (const { make, target } of CASES) outcome(state, make('owner'), target?.('owner'))
  assert.deepEqual(state, before)
})
