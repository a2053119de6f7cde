import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { ConversationStatus } from '@switchboard/contracts/desks'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { DeskSnapshot, UsedCid } from '@switchboard/contracts/queries'
import type { DeskCommand, EntityCommand } from '@switchboard/contracts/records'
import { conversationOf } from '@switchboard/domain/decide-desk'
import { type DeskState, deskFrom, findConversation, recall } from '@switchboard/domain/desk'
import { effectsOfDesk } from '@switchboard/domain/desk-effects'
import { conversationIdOf } from '@switchboard/domain/desk-ids'
import { statusOf } from '@switchboard/domain/desk-status'
import { type DeskMoment, deskNow } from '@switchboard/domain/desk-time'
import { runDesk } from '@switchboard/domain/run-desk'
import type { Effect } from '@switchboard/domain/user'
import { CIDS_KEPT, CidMemory, cidKey } from './cid-memory.ts'
import type { Deciding, Entity, Known, Outcome } from './entity.ts'
import type { RouterEvents } from './events.ts'

/** A desk in memory. */
export class DeskEntity implements Entity {
  logSeq: number
  input: number
  incarnation: string | null
  readonly cids: CidMemory
  readonly n = 0
  readonly state: DeskState
  #last: DeskMoment | undefined

  constructor(snapshot: DeskSnapshot) {
    this.logSeq = snapshot.log_seq
    this.input = snapshot.input
    this.incarnation = snapshot.incarnation
    this.cids = new CidMemory(snapshot, CIDS_KEPT)
    this.state = deskFrom(snapshot)
  }

  /** The time of this desk, by the clocks of its router. */
  nowAt(now: DeskMoment): number {
    const last = this.#last ?? { nowMs: this.state.at, steadyMs: now.steadyMs }
    this.#last = { nowMs: deskNow(last, now), steadyMs: now.steadyMs }
    return Math.floor(this.#last.nowMs)
  }

  decide(command: EntityCommand, { known, ...now }: Deciding): Outcome {
    const asked = command as DeskCommand
    const nowMs = this.nowAt(now)
    for (const conversation of known.desk?.conversations ?? []) recall(this.state, conversation)
    const named = deskNamedBy(asked)
    const isDesk = named !== undefined && known.desk?.desks.has(named) === true
    const outcome = runDesk(this.state, asked, { nowMs, isDesk })
    if ('refused' in outcome) return { kind: 'refused', refusal: outcome.refused }
    if ('forward' in outcome)
      return { kind: 'forwarded', effects: [{ kind: 'desk', id: outcome.forward, command: asked }] }
    const answer = this.answer(asked, nowMs)
    if ('existing' in outcome) return { kind: 'repeated', answer, effects: [] }
    const effects = outcome.events.flatMap((event) => effectsOfDesk(this.state.desk, event))
    return { kind: 'committed', events: outcome.events, answer, effects }
  }

  /** How what the command was about stands by now. */
  answer(command: EntityCommand, nowMs: number): object {
    const asked = command as DeskCommand
    const { desk, settings, agents } = this.state
    if (asked.method === 'desk.status') return agents.get(asked.from)?.agent ?? {}
    if (asked.method === 'desk.put-agent') return agents.get(asked.body.user)?.agent ?? {}
    if (asked.method === 'desk.put') return { desk, settings }
    const id = conversationOf(this.state, asked) ?? begunBy(asked)
    return this.status(id, nowMs) ?? { seq: this.state.head }
  }

  /** A conversation as its own people are told of it, if it is in memory. */
  status(id: string | undefined, nowMs: number): ConversationStatus | undefined {
    const conversation = findConversation(this.state, id ?? '')
    return conversation && statusOf(this.state, conversation, nowMs)
  }

  again(command: EntityCommand, _used: UsedCid, known: Known): Effect[] {
    const events = known.caused?.get(cidKey(command)) ?? []
    return events.flatMap((event) => effectsOfDesk(this.state.desk, event as DeskEvent))
  }

  committed(drafts: readonly AnyEvent[], events: RouterEvents): void {
    for (const draft of drafts) {
      if (draft.type !== 'conversation.changed') continue
      const { change, conversation } = draft
      // Only the first time: what is handed on has not waited since it came.
      const isAnswered = ANSWERING.has(change) && conversation.answered_at === conversation.at
      events.deskChanged(change, isAnswered ? (conversation.at - conversation.entered_at) / 1_000 : null)
      if (change === 'answered' && conversation.replied_at !== null)
        events.deskReplied((conversation.replied_at - conversation.entered_at) / 1_000)
      if (draft.breached) events.deskBreached(draft.breached)
      if (change === 'left' && conversation.assigned_at === null) events.deskAbandoned()
    }
  }
}

const ANSWERING: ReadonlySet<string> = new Set(['accepted', 'picked', 'taken'])

const begunBy = (command: DeskCommand): string | undefined =>
  command.method === 'desk.enter'
    ? conversationIdOf({ desk: command.body.desk, from: command.from, cid: command.cid })
    : undefined

/** Another desk that a command names: it must exist. */
export const deskNamedBy = (command: DeskCommand): string | undefined =>
  command.method === 'desk.transfer' && 'desk' in command.body.to ? command.body.to.desk : undefined
