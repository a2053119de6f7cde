import type { Conversation } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import { type DeskState, hasRoom, isFree, isPresent, type Seat } from './desk.ts'
import { queuedAgain } from './desk-bot.ts'
import { agentChanged, changed, type DeskDraft, goneOffer, noted, WAITING } from './desk-draft.ts'
import { isOpenAt, opensAt } from './desk-hours.ts'
import { offerIdOf } from './desk-ids.ts'
import { breachOf } from './desk-timers.ts'

/** What a desk does next by itself: one thing that is due, or one offer; nothing if all is done. Pure. */
export function nextStep(state: DeskState, nowMs: number): readonly DeskDraft[] {
  const due = state.timers.first
  if (due && due.key <= nowMs) return dueStep(state, due.id, nowMs)
  return offerStep(state, nowMs)
}

/** When there is something to do next, in milliseconds since the epoch; null if nothing waits for a moment. */
export function dueAt(state: DeskState, nowMs: number): number | null {
  const times = [state.timers.first?.key ?? null]
  if (state.queue.size > 0 && state.settings && state.settings.strategy !== 'manual') {
    times.push(match(state) && isOpenAt(state.settings, nowMs) ? nowMs : opensAt(state.settings, nowMs))
  }
  const known = times.filter((time) => time !== null)
  return known.length === 0 ? null : Math.min(...known)
}

function dueStep(state: DeskState, timer: string, nowMs: number): readonly DeskDraft[] {
  const id = timer.slice(2)
  if (timer.startsWith('s:')) return breachStep(state, id)
  if (timer.startsWith('i:')) return [closedIdle(state, id, nowMs)]
  if (timer.startsWith('b:')) return [botLate(state, id, nowMs)]
  if (timer.startsWith('c:')) return conversationStep(state, state.conversations.get(id), nowMs)
  const seat = state.agents.get(id)
  if (!seat) throw new Error(`a timer of nobody: ${timer}`)
  return timer.startsWith('r:') ? [agentChanged(seat.agent, { rests_until: null })] : clearStep(state, seat, nowMs)
}

function breachStep({ settings, conversations }: DeskState, id: string): readonly DeskDraft[] {
  const conversation = conversations.get(id)
  const next = conversation && breachOf(settings, conversation)
  if (!next) throw new Error('a promise about a conversation that is not there')
  const { breach } = next
  return [{ ...noted(conversation, 'breached', { breached: [...conversation.breached, breach] }), breached: breach }]
}

function closedIdle({ conversations }: DeskState, id: string, at: number): DeskDraft {
  const conversation = conversations.get(id)
  if (!conversation) throw new Error('silence in a conversation that is not there')
  return changed(conversation, 'closed', { state: 'closed', ended_at: at, at })
}

/** A bot that lets somebody wait for too long has lost them to the people of the desk. */
function botLate(state: DeskState, id: string, at: number): DeskDraft {
  const conversation = state.conversations.get(id)
  if (!conversation) throw new Error('a bot is late in a conversation that is not there')
  return changed(conversation, 'requeued', queuedAgain(state, conversation, { at }))
}

function conversationStep(state: DeskState, conversation: Conversation | undefined, at: number): readonly DeskDraft[] {
  if (!conversation) throw new Error('a timer of a conversation that is not there')
  if (conversation.state === 'snoozed') return [woken(state, conversation, at)]
  const seat = state.agents.get(conversation.offer?.agent ?? '')
  const expired = offerBack(conversation, 'expired', at)
  return seat && !seat.isGhost ? [expired, missedBy(seat, at)] : [expired]
}

/** What was put off comes back: to its agent if they can take it, else to the queue. */
export function woken(state: DeskState, conversation: Conversation, at: number): DeskDraft {
  const seat = state.agents.get(conversation.agent ?? '')
  if (seat && isPresent(seat) && hasRoom(seat))
    return changed(conversation, 'woken', { state: 'assigned', until: null, at })
  return changed(conversation, 'woken', queuedAgain(state, conversation, { prefers: conversation.agent, at }))
}

/** An offer that was not taken: back to the queue, or to who wanted to hand it on. */
export function offerBack(
  conversation: Conversation,
  reason: 'declined' | 'expired' | 'withdrawn',
  at: number,
): DeskDraft {
  const draft =
    conversation.agent === null
      ? changed(conversation, reason, { ...WAITING, at })
      : changed(conversation, 'returned', { state: 'assigned', offer: null, at })
  return { ...draft, ...goneOffer(conversation, reason) }
}

/** Whoever lets offer after offer pass is not there, whatever they say. */
function missedBy({ agent }: Seat, at: number): DeskDraft {
  const missed = agent.missed + 1
  if (missed < MAX.offersMissed) return agentChanged(agent, { missed, rests_until: at + MAX.agentRestMs })
  return agentChanged(agent, { missed: 0, rests_until: null, status: 'away' })
}

/** Takes one thing from an agent who is gone: first what is offered, then what they have. */
function clearStep(state: DeskState, seat: Seat, at: number): readonly DeskDraft[] {
  const [offered] = seat.offered
  const [owned] = seat.owned
  const conversation = state.conversations.get(offered ?? owned ?? '')
  if (!conversation) throw new Error(`agent ${seat.agent.user} has something that is not there`)
  if (offered !== undefined) return [offerBack(conversation, 'withdrawn', at)]
  const queued = changed(conversation, 'requeued', queuedAgain(state, conversation, { at }))
  return [{ ...queued, ...goneOffer(conversation, 'withdrawn') }]
}

/** The first who waits and whom somebody free can answer; a queue is looked at for each skill, whatever their lengths. */
function match({ queues, free, work }: DeskState): string | undefined {
  let best: { id: string; key: number; tie: number } | undefined
  for (const [skill, queue] of queues) {
    work.steps += 1
    const first = queue.size > 0 && (free.get(skill)?.size ?? 0) > 0 ? queue.first : undefined
    if (!first) continue
    if (!best || first.key < best.key || (first.key === best.key && first.tie < best.tie)) best = first
  }
  return best?.id
}

function offerStep(state: DeskState, at: number): readonly DeskDraft[] {
  const { settings } = state
  if (!settings || settings.strategy === 'manual') return []
  const conversation = state.conversations.get(match(state) ?? '')
  if (!conversation || !isOpenAt(settings, at)) return []
  const agent = agentFor(state, conversation)
  return agent === undefined ? [] : [offered(conversation, { agent, at, seconds: settings.offer_seconds })]
}

function agentFor(state: DeskState, { prefers, skill }: Conversation): string | undefined {
  const preferred = state.agents.get(prefers ?? '')
  const suits =
    preferred && !preferred.agent.bot && isFree(preferred) && (skill === null || preferred.agent.skills.includes(skill))
  return suits ? preferred.agent.user : state.free.get(skill ?? '')?.first?.id
}

/** Asks an agent. Of what somebody has, they keep it until the other one accepts. */
export function offered(
  conversation: Conversation,
  { agent, at, seconds }: { readonly agent: string; readonly at: number; readonly seconds: number },
): Extract<DeskDraft, { type: 'conversation.changed' }> {
  const offer = offerIdOf(conversation.conversation, conversation.revision + 1)
  const state = conversation.agent === null ? 'offered' : 'transferring'
  return changed(conversation, state === 'offered' ? 'offered' : 'transferred', {
    state,
    until: null,
    offer: { offer, agent, expires_at: at + seconds * 1_000 },
    at,
  })
}
