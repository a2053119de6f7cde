import assert from 'node:assert/strict'
import { decodeEntry, type EntryInput, HEADER, parseInput } from '@switchboard/contracts/entry'
import type { AnyEvent, RoomEvent, UserEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { RoomSnapshot, UsedCid, UserSnapshot } from '@switchboard/contracts/queries'
import type { EntityCommand } from '@switchboard/contracts/records'
import { entityOf, names } from '@switchboard/contracts/subjects'
import { intentOf } from '@switchboard/domain/intent'
import { applyRoom, emptyRoom } from '@switchboard/domain/room'
import type { LogDoor } from '../src/to-log.ts'

type Message = Parameters<LogDoor['publish']>[0]
type Published = Awaited<ReturnType<LogDoor['publish']>>

/** What may become of one publish; anything but `good` leaves the router in doubt. */
export type Fate = 'good' | 'unanswered' | 'late' | 'lost'

/** Waits until the test lets this step happen. */
export type Step = (label: string) => Promise<void>

export interface Stored {
  readonly kind: EntityKind
  readonly id: string
  readonly logSeq: number
  readonly messageId: string
  readonly input: EntryInput
  readonly events: readonly AnyEvent[]
}

export interface Command {
  readonly kind: EntityKind
  readonly id: string
  readonly command: EntityCommand
  readonly seq: number
  readonly at: number
}

export const NAMES = names('t')
/** cids that a snapshot carries: few, so that older ones are asked for. */
const CIDS_CARRIED = 3

/** The log of one partition as JetStream keeps it: one sequence, a last one per subject, and message ids that it knows again. */
export class SimulatedLog {
  readonly entries: Stored[] = []
  readonly commands: Command[] = []
  readonly #step: Step
  readonly #stored: (entry: Stored) => void
  readonly #known = new Map<string, number>()

  constructor(step: Step, stored: (entry: Stored) => void) {
    this.#step = step
    this.#stored = stored
  }

  of(kind: EntityKind, id: string): Stored[] {
    return this.entries.filter((entry) => entry.kind === kind && entry.id === id)
  }

  eventsOf(kind: EntityKind, id: string): AnyEvent[] {
    return this.of(kind, id).flatMap(({ events }) => events)
  }

  /** Where an event with this cid lies, over all entities. */
  find(kind: EntityKind, id: string, used: { from: string; cid: string }): AnyEvent[] {
    return this.eventsOf(kind, id).filter(({ from, cid }) => from === used.from && cid === used.cid)
  }

  /** An entry that was there before the test began. */
  seed(id: string, event: RoomEvent): void {
    const logSeq = this.entries.length + 1
    const input = { incarnation: 'i', input: 0, floor: 0 }
    this.entries.push({ kind: 'room', id, logSeq, messageId: `seed-${id}`, input, events: [event] })
  }

  async publish(message: Message, fate: Fate): Promise<Published> {
    const unknown = { kind: 'unknown', reason: 'timeout' } as const
    if (fate === 'lost') {
      await this.#step('publish is lost')
      return unknown
    }
    const arrival = this.#step(`publish ${message.messageId} arrives`).then(() => this.#store(message))
    if (fate === 'late') {
      await this.#step('publish times out before it arrives')
      return unknown
    }
    const outcome = await arrival
    await this.#step(`answer to ${message.messageId}`)
    return fate === 'unanswered' ? unknown : outcome
  }

  #store({ subject, messageId, expect, headers, payload }: Message): Published {
    // A server alone knows a message id again; one with followers may find the sequence wrong first. Both are seen.
    const known = this.#known.get(messageId)
    if (known !== undefined && known % 2 === 0) return { kind: 'stored', seq: known }
    const { kind, id } = entityOf(subject)
    if ((this.of(kind, id).at(-1)?.logSeq ?? 0) !== expect) return { kind: 'conflict' }
    const logSeq = this.entries.length + 1
    this.#known.set(messageId, logSeq)
    const events = decodeEntry(payload)
    const entry = { kind, id, logSeq, messageId, input: parseInput(headers[HEADER.input] ?? ''), events }
    this.entries.push(entry)
    this.#stored(entry)
    return { kind: 'stored', seq: logSeq }
  }

  /** Storage's answer, as of one moment between question and answer. */
  async load(kind: EntityKind, id: string): Promise<RoomSnapshot | UserSnapshot> {
    await this.#step(`${kind} ${id} is read`)
    const snapshot = kind === 'room' ? this.#room(id) : this.#user(id)
    await this.#step(`${kind} ${id} is loaded`)
    return snapshot
  }

  async findCids(kind: EntityKind, id: string, lookups: readonly { from: string; cid: string }[]) {
    await this.#step('cids are looked up')
    const used = lookups.flatMap((lookup) => this.find(kind, id, lookup)).map(usedBy)
    await this.#step('cids are answered')
    return { used }
  }

  #place(kind: EntityKind, id: string) {
    const last = this.of(kind, id).at(-1)
    const events = this.eventsOf(kind, id)
    const head = events.at(-1)?.seq ?? 0
    const cids = events.slice(-CIDS_CARRIED).map(usedBy)
    const cids_since = Math.max(0, head - CIDS_CARRIED)
    return {
      head,
      log_seq: last?.logSeq ?? 0,
      incarnation: last?.input.incarnation ?? null,
      input: last?.input.input ?? 0,
      cids,
      cids_since,
      cids_since_at: cids_since === 0 ? 0 : (cids[0]?.at ?? 0),
    }
  }

  #room(room: string): RoomSnapshot {
    const state = emptyRoom(room)
    for (const event of this.eventsOf('room', room)) applyRoom(state, event as RoomEvent)
    const { kind, title, n, members } = state
    return { room, kind, title, n, members: [...members.values()], ...this.#place('room', room) }
  }

  #user(user: string): UserSnapshot {
    return { user, ...this.#place('user', user) }
  }
}

const usedBy = (event: AnyEvent): UsedCid => ({
  from: event.from,
  cid: event.cid,
  seq: event.seq,
  at: event.at,
  intent: intentOf(event),
})

/** Numbers are dense, and what cids name is there once. */
export function checkEntity(log: SimulatedLog, kind: EntityKind, id: string): void {
  const events = log.eventsOf(kind, id)
  assert.deepEqual(
    events.map(({ seq }) => seq),
    events.map((_, i) => i + 1),
    `${kind} ${id} is dense`,
  )
  const cids = events.map(({ from, cid }) => `${from} ${cid}`)
  assert.equal(new Set(cids).size, cids.length, `a cid was applied twice: ${kind} ${id} ${cids.join(', ')}`)
}

/** The order in which a person heard of one room is that of the room. */
export function checkHeard(events: readonly UserEvent[], room: string): void {
  const heard = events.flatMap((event) => ('room_seq' in event && event.room === room ? [event.room_seq] : []))
  assert.deepEqual(
    heard,
    heard.toSorted((a, b) => a - b),
    `a person heard of ${room} in another order than it happened`,
  )
}
