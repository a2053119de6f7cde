import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Role, RoomEvent, RoomKind } from '@switchboard/contracts/events'
import type { MessageFacts } from '@switchboard/contracts/queries'
import fc from 'fast-check'
import { decideRoom, type EventCommand, targetOf } from './decide-room.ts'
import { intentOf, intentOfCommand } from './intent.ts'
import { applyMark, applyRoom, emptyRoom, type RoomState, roomOf } from './room.ts'
import { effectsOf } from './user.ts'

/** What a person who only counts would know of a room. */
interface Model {
  messages: number
  readonly members: Set<string>
}

interface Real {
  readonly state: RoomState
  readonly events: RoomEvent[]
}

const USERS = ['a', 'b', 'c', 'd'] as const
const user = fc.constantFrom(...USERS)
const role = fc.constantFrom<Role>('owner', 'moderator', 'member', 'reader')
const seq = fc.integer({ min: 1, max: 20 })

/** Facts of a message as the events alone tell them. */
function factsOf(events: readonly RoomEvent[], target: number | null): MessageFacts | undefined {
  const event = events.find((one) => one.seq === target)
  if (!event) return undefined
  const deleted = events.some((one) => one.type === 'message.deleted' && one.target === target)
  return { seq: event.seq, from: event.from, n: event.n, deleted, message: event.type === 'message' }
}

function checkRoom({ state, events }: Real, model: Model): void {
  assert.deepEqual(
    events.map((event) => event.seq),
    events.map((_, i) => i + 1),
    'seq is dense',
  )
  assert.equal(state.head, events.length)
  assert.equal(state.n, model.messages, 'n counts the messages')
  assert.deepEqual(new Set(state.members.keys()), model.members)
  const owners = [...state.members.values()].filter((member) => member.role === 'owner')
  if (state.kind !== null && state.members.size > 0)
    assert.ok(owners.length > 0, 'a room that is not empty has an owner')
  for (const member of state.members.values()) {
    assert.ok(member.read <= state.head && member.read_n <= state.n && member.since_seq <= member.read)
  }
}

class Send implements fc.Command<Model, Real> {
  readonly command: EventCommand
  constructor(command: EventCommand) {
    this.command = command
  }
  check = () => true
  toString = () => `${this.command.from}: ${this.command.method} ${JSON.stringify(this.command.body)}`

  run(model: Model, real: Real): void {
    const { state, events } = real
    const target = factsOf(events, targetOf(this.command))
    const before = structuredClone(state)
    const decision = decideRoom(state, this.command, { facts: { target }, nowMs: 1_000 + events.length })
    assert.deepEqual(state, before, 'a decision changes nothing')
    const made = 'events' in decision ? decision.events : []
    if (made.length > 0) this.#commit(made, model, real)
    checkRoom(real, model)
  }

  #commit(made: readonly RoomEvent[], model: Model, { state, events }: Real): void {
    assert.equal(intentOf(made[0] as RoomEvent), intentOfCommand(this.command))
    assert.equal(made[0]?.cid, this.command.cid)
    for (const event of made) {
      applyRoom(state, event)
      events.push(event)
      count(model, event)
      for (const effect of effectsOf(state, event))
        assert.equal(effect.command.method === 'user.room-added', state.members.has(effect.id))
    }
    assert.deepEqual(refold(events), state, 'the events alone make the same room')
    assert.deepEqual(
      roomOf({ ...state, members: [...state.members.values()] }),
      state,
      'a snapshot makes the same room',
    )
  }
}

/** Counts what happened, without knowing how rooms work. */
function count(model: Model, event: RoomEvent): void {
  if (event.type === 'message') model.messages += 1
  if (event.type === 'room.created') for (const member of event.members) model.members.add(member.user)
  if (event.type === 'member.added') model.members.add(event.user)
  if (event.type === 'member.removed') model.members.delete(event.user)
}

function refold(events: readonly RoomEvent[]): RoomState {
  const state = emptyRoom('r1')
  for (const event of events) applyRoom(state, event)
  return state
}

const KINDS: readonly RoomKind[] = ['group', 'public', 'direct']
let made = 0
const one = (method: EventCommand['method'], body: fc.Arbitrary<object>) =>
  fc.tuple(user, body, fc.boolean()).map(([from, fields, isServer]) => {
    made += 1
    const roles = isServer ? { roles: ['api'] } : {}
    return new Send({ method, from, cid: `c${made}`, body: fields, ...roles } as unknown as EventCommand)
  })
const others = fc.uniqueArray(user, { maxLength: 3 })
const commands = [
  one('room.create', fc.record({ kind: fc.constantFrom(...KINDS), members: others })),
  one('room.update', fc.record({ title: fc.string({ minLength: 1 }) })),
  one('room.join', fc.constant({})),
  one('room.leave', fc.constant({})),
  one('room.leave', fc.constant({})),
  one('room.add', fc.record({ user })),
  one('room.remove', fc.record({ user })),
  one('room.role', fc.record({ user, role })),
  one('message.send', fc.record({ text: fc.string() }, { requiredKeys: ['text'] })),
  one('message.edit', fc.record({ seq, text: fc.string() })),
  one('message.delete', fc.record({ seq })),
  one('message.react', fc.record({ seq, emoji: fc.constant('👍'), on: fc.boolean() })),
]

test('a room, after any commands by anybody, is dense, owned, counted and made by its events alone', () => {
  fc.assert(
    fc.property(fc.commands(commands, { maxCommands: 60, size: 'max' }), (sequence) => {
      fc.modelRun(
        () => ({ model: { messages: 0, members: new Set<string>() }, real: { state: emptyRoom('r1'), events: [] } }),
        sequence,
      )
    }),
    { numRuns: 400 },
  )
})

test('an event, that is not the next of its room, throws and changes nothing', () => {
  const state = emptyRoom('r1')
  const event: RoomEvent = { type: 'room.updated', seq: 2, n: 0, at: 1, from: 'a', cid: 'c', title: 'T' }
  assert.throws(() => applyRoom(state, event), /event 2 of room r1 after 0/)
  assert.deepEqual(state, emptyRoom('r1'))
})

test('a read mark, moved to anywhere in any order, only goes forward and only for members', () => {
  const mark = fc.record({ user: fc.constantFrom('a', 'b', 'x'), seq: fc.nat(50), n: fc.nat(50) })
  fc.assert(
    fc.property(fc.array(mark), (marks) => {
      const state = emptyRoom('r1')
      const members = ['a', 'b'].map((name) => ({ user: name, role: 'owner' as const }))
      applyRoom(state, { type: 'room.created', seq: 1, n: 0, at: 1, from: 'a', cid: 'c', kind: 'group', members })
      for (const one of marks) {
        const before = state.members.get(one.user)?.read
        const moved = applyMark(state, one)
        assert.equal(moved, before !== undefined && one.seq > before)
        assert.equal(state.members.get(one.user)?.read, before === undefined ? undefined : Math.max(before, one.seq))
      }
    }),
  )
})
