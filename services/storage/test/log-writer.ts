import assert from 'node:assert/strict'
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson } from '@switchboard/bus/core'
import { publishExpecting } from '@switchboard/bus/log'
import { incarnationOf } from '@switchboard/bus/streams'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import { encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import type { AnyEvent, RoomEvent, RoomKind, UserEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import { partitionOf, streamOf } from '@switchboard/contracts/partition'
import { applyRoom, emptyRoom, type RoomState } from '@switchboard/domain/room'

type Fields<Event> = Event extends AnyEvent ? Omit<Event, 'seq' | 'n' | 'at' | 'cid'> & { cid?: string } : never

let published = 0

/** Writes one entity's log as its router would. */
abstract class EntityLog<Event extends AnyEvent> {
  readonly bus: Bus
  readonly kind: EntityKind
  readonly id: string
  readonly events: Event[] = []
  logSeq = 0

  constructor(bus: Bus, kind: EntityKind, id: string) {
    this.bus = bus
    this.kind = kind
    this.id = id
  }

  /** Commits these events as one entry. */
  async commit(...drafts: Fields<Event>[]): Promise<Event[]> {
    const events = drafts.map((draft) => this.#complete(draft))
    const [first, last] = [events.at(0), events.at(-1)]
    assert(first && last)
    published += 1
    const number = published
    const epoch = await incarnationOf(this.bus, this.bus.names.logStream(streamOf(partitionOf(this.id))))
    const stored = await publishExpecting(this.bus, {
      subject: this.bus.names.log(this.kind, this.id),
      payload: encodeEntry(`${this.kind}:${this.id}`, events),
      headers: {
        [HEADER.entry]: formatRange({ first: first.seq, last: last.seq, n: last.n, epoch }),
        [HEADER.input]: formatInput({ incarnation: 'c1', input: number, floor: 0 }),
      },
      messageId: `test-${number}`,
      expect: this.logSeq,
    })
    assert(stored.kind === 'stored', JSON.stringify(stored))
    this.logSeq = stored.seq
    return events
  }

  #complete(draft: Fields<Event>): Event {
    const before = this.events.at(-1)
    const seq = (before?.seq ?? 0) + 1
    const n = (before?.n ?? 0) + (draft.type === 'message' ? 1 : 0)
    const event = { seq, n, at: Date.now(), cid: `cid-${seq}`, ...draft } as unknown as Event
    this.events.push(event)
    return event
  }
}

export class RoomLog extends EntityLog<RoomEvent> {
  constructor(bus: Bus, id: string) {
    super(bus, 'room', id)
  }

  /** The room as it is by its events. */
  get state(): RoomState {
    const state = emptyRoom(this.id)
    for (const event of this.events) applyRoom(state, event)
    return state
  }

  create(members: readonly string[], { kind = 'group', title }: { kind?: RoomKind; title?: string } = {}) {
    const [from = 'ann'] = members
    return this.commit({
      type: 'room.created',
      from,
      kind,
      ...(title === undefined ? {} : { title }),
      members: members.map((user, i) => ({ user, role: i === 0 ? 'owner' : 'member' })),
    })
  }

  /** One entry of these messages. */
  send(from: string, ...texts: string[]) {
    return this.commit(...texts.map((text) => ({ type: 'message', from, text }) as const))
  }

  /** Many messages, in entries of `size`. */
  async sendMany(from: string, count: number, size = 10): Promise<void> {
    for (let i = 0; i < count; i += size) {
      const texts = Array.from({ length: Math.min(size, count - i) }, (_, j) => `message ${i + j + 1}`)
      await this.send(from, ...texts)
    }
  }

  /** A read mark, as the router writes it. */
  async mark(user: string, seq: number): Promise<void> {
    const n = this.events[seq - 1]?.n ?? 0
    const mark = { room: this.id, user, seq, n, at: Date.now() }
    await this.bus.js.publish(this.bus.names.mark(this.id, user), encodeJson(mark))
  }
}

export class DeskLog extends EntityLog<DeskEvent> {
  constructor(bus: Bus, id: string) {
    super(bus, 'desk', id)
  }
}

export class UserLog extends EntityLog<UserEvent> {
  constructor(bus: Bus, id: string) {
    super(bus, 'user', id)
  }

  added(room: RoomLog) {
    const { kind, title } = room.state
    assert(kind)
    const room_seq = room.events.length
    return this.commit({
      type: 'room.added',
      from: '$system',
      room: room.id,
      kind,
      ...(title === null ? {} : { title }),
      room_seq,
    })
  }

  removed(room: RoomLog) {
    return this.commit({ type: 'room.removed', from: '$system', room: room.id, room_seq: room.events.length })
  }
}
