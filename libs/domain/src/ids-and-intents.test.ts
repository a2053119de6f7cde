import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RoomEvent } from '@switchboard/contracts/events'
import { isId, SYSTEM } from '@switchboard/contracts/ids'
import type { EntityCommand, UserCommand } from '@switchboard/contracts/records'
import fc from 'fast-check'
import { CLOCK_SKEW_MS_MAX, cidTime, isNewerThan } from './cid-age.ts'
import { intentOf, intentOfCommand } from './intent.ts'
import { applyRoom, emptyRoom } from './room.ts'
import { roomIdOf } from './room-id.ts'
import { applyUser, decideUser, effectsAgain, effectsOf } from './user.ts'

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)

test('a room id, from the same command, is the same, is an id, and says its kind', () => {
  fc.assert(
    fc.property(fc.constantFrom('group', 'public', 'direct'), id, id, id, (kind, from, cid, other) => {
      const create = { kind, from, cid, members: [other] } as const
      const room = roomIdOf(create)
      assert.equal(roomIdOf({ ...create }), room)
      assert.ok(isId(room))
      assert.match(room, new RegExp(`^${kind.charAt(0)}-`))
    }),
  )
})

test('the room of two people, asked for from either side and however named, is one', () => {
  const room = roomIdOf({ kind: 'direct', from: 'alice', cid: '1', members: ['bob'] })
  assert.equal(roomIdOf({ kind: 'direct', from: 'bob', cid: '2', members: ['alice'] }), room)
  assert.equal(roomIdOf({ kind: 'direct', from: 'alice', cid: '3', members: ['alice', 'bob'] }), room)
  assert.notEqual(roomIdOf({ kind: 'direct', from: 'alice', cid: '1', members: ['carol'] }), room)
})

test('a group, by another person or with another cid, is another room', () => {
  const room = roomIdOf({ kind: 'group', from: 'alice', cid: '1' })
  assert.notEqual(roomIdOf({ kind: 'group', from: 'bob', cid: '1' }), room)
  assert.notEqual(roomIdOf({ kind: 'group', from: 'alice', cid: '2' }), room)
  // Ids that have been given out must never change: clients and logs hold them.
  assert.equal(room, 'g-6C7mrIkPyHWe6ix2MpGeL')
  assert.equal(roomIdOf({ kind: 'direct', from: 'bob', cid: '1', members: ['alice'] }), 'd-6wOOi6zIyTxvW3ZL227Fd')
})

test('an intent, of two commands that differ in meaning, differs; in order of fields, does not', () => {
  const send = (body: object) => ({ method: 'message.send', from: 'a', cid: 'c', body }) as never
  assert.notEqual(intentOfCommand(send({ text: 'x' })), intentOfCommand(send({ text: 'y' })))
  assert.notEqual(intentOfCommand(send({ text: 'x' })), intentOfCommand(send({ text: 'x', reply_to: 1 })))
  assert.equal(
    intentOfCommand(send({ text: 'x', reply_to: 1, mentions: undefined })),
    intentOfCommand(send({ reply_to: 1, text: 'x' })),
  )
})

test('an intent, of an event, says nothing about when, where and by whom it was ordered', () => {
  const event: RoomEvent = { type: 'message', seq: 1, n: 1, at: 1, from: 'a', cid: 'c', text: 'x' }
  assert.equal(intentOf({ ...event, seq: 9, n: 8, at: 7, from: 'b', cid: 'd' }), intentOf(event))
})

const userCommands: readonly UserCommand[] = [
  { method: 'user.room-added', from: SYSTEM, cid: 'r:1', body: { room: 'r', kind: 'group', title: 'T', room_seq: 1 } },
  { method: 'user.room-added', from: SYSTEM, cid: 'r:1', body: { room: 'r', kind: 'direct', room_seq: 1 } },
  { method: 'user.room-removed', from: SYSTEM, cid: 'r:2', body: { room: 'r', room_seq: 2 } },
]

test('a command to a person, decided, is the next event, with the same intent', () => {
  const state = { user: 'a', head: 4 }
  for (const command of userCommands) {
    const event = decideUser(state, command, 7)
    assert.deepEqual([event.seq, event.at, event.from, event.cid], [state.head + 1, 7, SYSTEM, command.cid])
    assert.equal(intentOf(event), intentOfCommand(command))
    applyUser(state, event)
    assert.equal(state.head, event.seq)
    assert.throws(() => applyUser(state, event), /of user a after/)
  }
})

test('a read mark, which is no event, has no intent', () => {
  const mark = { method: 'mark.read', from: 'a', cid: '', body: { seq: 1 } } as const
  assert.throws(() => intentOfCommand(mark), /no event/)
})

const everyEvent = { n: 0, at: 1, from: 'a', cid: 'c' }
const members = [
  { user: 'a', role: 'owner' as const },
  { user: 'b', role: 'member' as const },
]

test('effects, of events that change who is in a room, tell exactly those people', () => {
  const room = emptyRoom('r1')
  const told = (event: RoomEvent) => {
    applyRoom(room, event)
    return effectsOf(room, event).map(({ id, command }) => `${command.method} ${id} ${command.cid}`)
  }
  assert.deepEqual(told({ type: 'room.created', seq: 1, ...everyEvent, kind: 'group', title: 'T', members }), [
    'user.room-added a r1:1',
    'user.room-added b r1:1',
  ])
  assert.deepEqual(told({ type: 'member.added', seq: 2, ...everyEvent, user: 'c', role: 'member' }), [
    'user.room-added c r1:2',
  ])
  assert.deepEqual(told({ type: 'message', seq: 3, ...everyEvent, n: 1, text: 'x' }), [])
  assert.deepEqual(told({ type: 'member.changed', seq: 4, ...everyEvent, user: 'c', role: 'reader' }), [])
  assert.deepEqual(told({ type: 'member.removed', seq: 5, ...everyEvent, user: 'c' }), ['user.room-removed c r1:5'])
})

test('effects, found again from the command, are the same as the first time', () => {
  const room = emptyRoom('r1')
  const created: RoomEvent = { type: 'room.created', seq: 1, ...everyEvent, kind: 'group', members }
  applyRoom(room, created)
  const command: EntityCommand = {
    method: 'room.create',
    from: 'a',
    cid: 'c',
    body: { kind: 'group', members: ['b'] },
  }
  assert.deepEqual(effectsAgain(room, command, 1), effectsOf(room, created))
})

test('cids of effects, of the longest room id, differ for each event', () => {
  const room = emptyRoom('r'.repeat(64))
  const cidAt = (seq: number) =>
    effectsOf(room, { type: 'member.removed', seq, ...everyEvent, user: 'b' })[0]?.command.cid
  assert.notEqual(cidAt(11), cidAt(12))
})

const AT = 1_700_000_000_000
const uuid7 = (ms: number) => {
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7abc-8def-0123456789ab`
}

test('the time of a cid, that is a UUIDv7, is when it was made; of any other, none', () => {
  assert.equal(cidTime(uuid7(AT)), AT)
  assert.equal(cidTime(uuid7(AT).toUpperCase()), AT)
  for (const cid of ['', 'c1', '0189-7', '00000000-0000-4000-8000-000000000000', `${uuid7(AT)}0`])
    assert.equal(cidTime(cid), null)
})

test('a cid, near what memory holds, is believed to be new only past the skew, and never from the future', () => {
  const since = AT
  const now = AT + 3_600_000
  const newer = (made: number) => isNewerThan(uuid7(made), since, now)
  assert.equal(newer(since), false)
  assert.equal(newer(since + CLOCK_SKEW_MS_MAX), false)
  assert.equal(newer(since + CLOCK_SKEW_MS_MAX + 1), true)
  assert.equal(newer(now + CLOCK_SKEW_MS_MAX), true)
  assert.equal(newer(now + CLOCK_SKEW_MS_MAX + 1), false)
  assert.equal(isNewerThan('c1', since, now), false)
})
