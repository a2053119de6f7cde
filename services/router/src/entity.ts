import type { Conversation } from '@switchboard/contracts/desks'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { AnyEvent, RoomEvent } from '@switchboard/contracts/events'
import { MAX } from '@switchboard/contracts/limits'
import type { MessageFacts, RoomSnapshot, UsedCid, UserSnapshot } from '@switchboard/contracts/queries'
import type {
  EntityCommand,
  MarkRecord,
  OfferCommand,
  RoomCommand,
  StandingCommand,
  UserCommand,
} from '@switchboard/contracts/records'
import { decideRoom, sinceOf } from '@switchboard/domain/decide-room'
import { applyMark, applyRoom, type RoomState, roomOf } from '@switchboard/domain/room'
import { applyUser, decideUser, type Effect, effectsAgain, effectsOf, type UserState } from '@switchboard/domain/user'
import { CIDS_KEPT, CidMemory, cidKey } from './cid-memory.ts'
import type { RouterEvents } from './events.ts'

/** What a command came to. `committed` waits for the entry; the others need none. */
export type Outcome =
  | {
      readonly kind: 'committed'
      readonly events: readonly AnyEvent[]
      readonly answer: object
      readonly effects: readonly Effect[]
    }
  | {
      readonly kind: 'repeated'
      readonly answer: object
      readonly effects: readonly Effect[]
    }
  | { readonly kind: 'marked'; readonly mark: MarkRecord; readonly answer: () => { read: number; unread: number } }
  /** For another entity to decide, and to answer. */
  | { readonly kind: 'forwarded'; readonly effects: readonly Effect[] }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

/** What storage was asked for, for one batch. */
export interface Known {
  readonly cids: ReadonlyMap<string, UsedCid>
  readonly facts: ReadonlyMap<number, MessageFacts>
  /** The events of commands that were applied already and whose effects follow from those. */
  readonly caused?: ReadonlyMap<string, readonly AnyEvent[]>
  /** For a desk: conversations that ended long ago, and every desk there is where one is named. */
  readonly desk?: { readonly conversations: readonly Conversation[]; readonly desks: ReadonlySet<string> }
}

/** What a decision needs beside the entity: what others know, and the moment by two clocks. */
export interface Deciding {
  readonly known: Known
  readonly nowMs: number
  readonly steadyMs: number
}

/** A room or a person in memory: its state, its place in the log, its cids. Deciding applies: after a failed publish it is thrown away. */
export interface Entity {
  /** Last stream sequence on its log subject. */
  logSeq: number
  /** Input of its newest entry, in the commands stream of `incarnation`. */
  input: number
  incarnation: string | null
  readonly cids: CidMemory
  readonly n: number
  decide(command: EntityCommand, context: Deciding): Outcome
  /** Of a command that was applied: its effects once more. */
  again(command: EntityCommand, used: UsedCid, known: Known): Effect[]
  /** These events of it were committed. */
  committed?(drafts: readonly AnyEvent[], events: RouterEvents): void
}

export class UserEntity implements Entity {
  logSeq: number
  input: number
  incarnation: string | null
  readonly cids: CidMemory
  readonly n = 0
  readonly #state: UserState

  constructor(snapshot: UserSnapshot) {
    this.logSeq = snapshot.log_seq
    this.input = snapshot.input
    this.incarnation = snapshot.incarnation
    this.cids = new CidMemory(snapshot, CIDS_KEPT)
    this.#state = { user: snapshot.user, head: snapshot.head }
  }

  decide(command: EntityCommand, { nowMs }: { nowMs: number }): Outcome {
    const event = decideUser(this.#state, command as UserCommand | OfferCommand, nowMs)
    applyUser(this.#state, event)
    return { kind: 'committed', events: [event], answer: { seq: event.seq }, effects: [] }
  }

  again(): Effect[] {
    return []
  }
}

export class RoomEntity implements Entity {
  logSeq: number
  input: number
  incarnation: string | null
  readonly cids: CidMemory
  readonly state: RoomState
  /** Facts of the newest events, so that an edit of a fresh message asks nobody. */
  readonly #facts = new Map<number, MessageFacts>()

  constructor(snapshot: RoomSnapshot) {
    this.logSeq = snapshot.log_seq
    this.input = snapshot.input
    this.incarnation = snapshot.incarnation
    this.cids = new CidMemory(snapshot, CIDS_KEPT)
    this.state = roomOf(snapshot)
  }

  get n(): number {
    return this.state.n
  }

  factsOf(seq: number): MessageFacts | undefined {
    return this.#facts.get(seq)
  }

  decide(command: EntityCommand, context: { known: Known; nowMs: number }): Outcome {
    const asked = command as RoomCommand | StandingCommand
    if (asked.method === 'mark.read') return this.#mark(asked, context)
    const target =
      'seq' in asked.body ? (this.#facts.get(asked.body.seq) ?? context.known.facts.get(asked.body.seq)) : undefined
    const since = sinceOf(this.state, asked).map((seq) => this.#facts.get(seq) ?? context.known.facts.get(seq))
    const facts = { target, since: since.filter((fact) => fact !== undefined) }
    const decision = decideRoom(this.state, asked, { facts, nowMs: context.nowMs })
    if ('refused' in decision) return { kind: 'refused', refusal: decision.refused }
    if ('existing' in decision)
      return { kind: 'repeated', answer: this.answer(asked, { ...decision.existing, at: 0 }), effects: [] }
    const first = decision.events[0]
    if (!first) throw new Error(`${asked.method} was decided without an event`)
    const effects = decision.events.flatMap((event) => this.#apply(event))
    const answer = this.answer(asked, first)
    return { kind: 'committed', events: decision.events, answer, effects }
  }

  /** What the client of a command is told, the first time and every time after. */
  answer(command: RoomCommand | StandingCommand, event: { seq: number; at: number }): object {
    if (command.method === 'message.send') return { seq: event.seq, at: event.at }
    if (command.method === 'room.create') return { room: this.state.room, seq: event.seq }
    return { seq: event.seq }
  }

  again(command: EntityCommand, used: UsedCid, { caused }: Known): Effect[] {
    if (command.method !== 'conversation.put') return effectsAgain(this.state, command, used.seq)
    const events = (caused?.get(cidKey(command)) ?? []) as RoomEvent[]
    return events.flatMap((event) => effectsOf(this.state, event))
  }

  #apply(event: RoomEvent): Effect[] {
    applyRoom(this.state, event)
    this.#remember({ seq: event.seq, from: event.from, deleted: false, message: event.type === 'message', n: event.n })
    if (event.type === 'message.deleted') {
      const target = this.#facts.get(event.target)
      if (target) this.#facts.set(event.target, { ...target, deleted: true })
    }
    return effectsOf(this.state, event)
  }

  #remember(facts: MessageFacts): void {
    this.#facts.set(facts.seq, facts)
    if (this.#facts.size <= MAX.laneCids) return
    const oldest = this.#facts.keys().next().value
    if (oldest !== undefined) this.#facts.delete(oldest)
  }

  #mark(command: Extract<RoomCommand, { method: 'mark.read' }>, context: { known: Known; nowMs: number }): Outcome {
    const { from: user } = command
    const member = this.state.members.get(user)
    if (!member) return { kind: 'refused', refusal: refuse('not_a_member', { field: 'room' }) }
    const { seq } = command.body
    if (seq > this.state.head)
      return {
        kind: 'refused',
        refusal: refuse('bad_request', { field: 'seq', message: 'is beyond the head of the room' }),
      }
    const answer = () => {
      const { read, read_n } = this.state.members.get(user) ?? member
      return { read, unread: this.state.n - read_n }
    }
    if (seq <= member.read) return { kind: 'repeated', answer: answer(), effects: [] }
    const n = seq === this.state.head ? this.state.n : (this.#facts.get(seq) ?? context.known.facts.get(seq))?.n
    if (n === undefined) return { kind: 'refused', refusal: refuse('unavailable', { field: 'seq' }) }
    return { kind: 'marked', mark: { room: this.state.room, user, seq, n, at: context.nowMs }, answer }
  }

  /** @returns whether the mark moved. */
  applyMark(mark: MarkRecord): boolean {
    return applyMark(this.state, mark)
  }
}
