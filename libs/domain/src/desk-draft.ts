import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation, ConversationChange, GoneOffer } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { DeskState } from './desk.ts'

/** An event of a desk without what every event has. */
export type DeskDraft = DeskEvent extends infer E
  ? E extends DeskEvent
    ? Omit<E, 'seq' | 'n' | 'at' | 'from' | 'cid'>
    : never
  : never
export type ConversationDraft = Extract<DeskDraft, { type: 'conversation.changed' }>

/** The conversation with these fields, one revision on. */
export function changed(
  conversation: Conversation,
  change: ConversationChange,
  to: Partial<Conversation> & { readonly at: number },
): ConversationDraft {
  return {
    type: 'conversation.changed',
    change,
    conversation: { ...conversation, ...to, revision: conversation.revision + 1, edition: conversation.edition + 1 },
  }
}

/** What is known of it by now, which fences nobody: whoever acts on what they saw may do so. */
export function noted(
  conversation: Conversation,
  change: 'answered' | 'heard' | 'breached',
  to: Partial<Conversation>,
): ConversationDraft {
  return {
    type: 'conversation.changed',
    change,
    conversation: { ...conversation, ...to, edition: conversation.edition + 1 },
  }
}

export const agentChanged = (agent: Agent, to: Partial<Agent>): DeskDraft => ({
  type: 'agent.updated',
  agent: { ...agent, ...to },
})

/** What becomes of an offer, for a draft; nothing where there is none. */
export const goneOffer = (
  { offer }: Conversation,
  reason: GoneOffer['reason'],
): { gone: GoneOffer } | Record<string, never> =>
  offer === null ? {} : { gone: { offer: offer.offer, agent: offer.agent, reason } }

/** Waiting again: nobody is responsible, nothing is offered; the place in the queue is the one it had. */
export const WAITING = { state: 'queued', agent: null, bot: false, offer: null, until: null } as const

/** Numbers what a command, or the clock, brings about. */
export function numbered(
  state: DeskState,
  draft: DeskDraft,
  by: { readonly from: string; readonly cid: string; readonly at: number; readonly meant?: string },
): DeskEvent {
  const { at, from, cid, meant } = by
  const { type, ...rest } = draft
  const origin = meant === undefined ? {} : { meant }
  return { type, seq: state.head + 1, n: 0, at, from, cid, ...rest, ...origin } as DeskEvent
}

/** Who follows up, and under which cid: made of the cause, so that no client's can be the same. */
export const followUp = (cause: number, i: number) => ({ from: SYSTEM, cid: `${cause}:${i}` })
