import type { RoomEvent } from '@switchboard/contracts/events'
import type { MessageFacts } from '@switchboard/contracts/queries'
import { decideRoom, type EventCommand } from '@switchboard/domain/decide-room'
import { applyMark, applyRoom, emptyRoom, type RoomState } from '@switchboard/domain/room'
import fc from 'fast-check'
import type { Content, StoredRecord } from '../src/record.ts'

const USERS = ['ann', 'bob', 'cid', 'dan', '__proto__']
const EMOJI = ['👍', '.$where:a%2e', '__proto__']

const user = fc.constantFrom(...USERS)
const body = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ method: fc.constant('message.send' as const), text: fc.string({ minLength: 1 }) }),
  },
  fc.record({ method: fc.constant('message.edit' as const), pick: fc.nat(), text: fc.string({ minLength: 1 }) }),
  fc.record({ method: fc.constant('message.delete' as const), pick: fc.nat() }),
  {
    weight: 3,
    arbitrary: fc.record({
      method: fc.constant('message.react' as const),
      pick: fc.nat(),
      emoji: fc.constantFrom(...EMOJI),
      on: fc.boolean(),
    }),
  },
  fc.record({ method: fc.constantFrom('room.add' as const, 'room.remove' as const), user }),
  fc.record({ method: fc.constant('room.leave' as const) }),
  fc.record({ method: fc.constant('room.role' as const), user, role: fc.constantFrom('moderator', 'reader', 'owner') }),
  fc.record({ method: fc.constant('room.update' as const), title: fc.string({ minLength: 1 }) }),
  fc.record({ method: fc.constant('mark.read' as const), pick: fc.nat() }),
)

/** Commands of several people to one room, some of which it refuses. */
export const commands = fc.array(fc.record({ from: user, body }), { minLength: 1, maxLength: 60, size: 'max' })
export type Command = { from: string; body: { method: string; pick?: number; [field: string]: unknown } }

export interface Log {
  readonly events: RoomEvent[]
  readonly marks: { user: string; seq: number; n: number }[]
  /** As the router has it at the end, with the marks. */
  readonly state: RoomState
}

/** The event that a command is about: one of the newest messages, so that several commands meet at one; for a mark any event. */
function picked(events: readonly RoomEvent[], method: string, pick: number): number {
  const messages = events.filter(({ type }) => type === 'message').slice(-3)
  const among = method === 'mark.read' ? events : messages
  return among[pick % Math.max(1, among.length)]?.seq ?? 0
}

/** What the router would write for these commands. */
export function logOf(room: string, asked: readonly Command[]): Log {
  const state = emptyRoom(room)
  const log: Log = { events: [], marks: [], state }
  const facts = new Map<number, MessageFacts>()
  const commit = (decided: ReturnType<typeof decideRoom>) => {
    if (!('events' in decided)) return
    for (const event of decided.events) {
      applyRoom(state, event)
      log.events.push(event)
      const { seq, from, n } = event
      facts.set(seq, { seq, from, n, message: event.type === 'message', deleted: false })
      const target = event.type === 'message.deleted' ? facts.get(event.target) : undefined
      if (target) facts.set(target.seq, { ...target, deleted: true })
    }
  }
  const first = { kind: 'group' as const, members: ['bob', 'cid'], title: 'A room' }
  commit(decideRoom(state, { method: 'room.create', from: 'ann', cid: 'c0', body: first }, { facts: {}, nowMs: 1 }))
  asked.forEach(({ from, body: { method, pick, ...rest } }, i) => {
    const seq = pick === undefined ? 0 : picked(log.events, method, pick)
    if (method === 'mark.read') {
      const n = log.events[seq - 1]?.n ?? 0
      if (applyMark(state, { user: from, seq, n })) log.marks.push({ user: from, seq, n })
      return
    }
    const named = pick === undefined ? rest : { ...rest, seq }
    // Only their authors may edit: a log of refusals would show nothing.
    const by = method === 'message.edit' ? (facts.get(seq)?.from ?? from) : from
    const command = { method, from: by, cid: `c${i + 1}`, body: named } as unknown as EventCommand
    commit(decideRoom(state, command, { facts: { target: facts.get(seq) }, nowMs: i + 2 }))
  })
  return log
}

/** The log as records: entries of `sizes` events each (the sizes repeat), and after them the marks. */
export function recordsOf(room: string, log: Log, sizes: readonly number[]): StoredRecord[] {
  const records: StoredRecord[] = []
  const add = (source: 'log' | 'marks', content: Content) => {
    const seq = records.length + 1
    records.push({ origin: { source, partition: 3, incarnation: 'i1', seq }, content })
  }
  for (let at = 0, i = 0; at < log.events.length; i += 1) {
    const events = log.events.slice(at, at + (sizes[i % sizes.length] ?? 1))
    at += events.length
    const [first, last] = [events.at(0), events.at(-1)]
    if (!first || !last) break
    const range = { first: first.seq, last: last.seq, n: last.n, epoch: 'e1' }
    add('log', { kind: 'room', id: room, range, logSeq: 10 * last.seq, events })
  }
  for (const { user, seq, n } of log.marks) add('marks', { kind: 'mark', mark: { room, user, seq, n, at: 0 } })
  return records
}

export const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 5 })
