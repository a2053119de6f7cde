import type { Conversation, ConversationState } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import type { DeskCommand } from '@switchboard/contracts/records'
import { isChief } from './conversation-room.ts'
import { type DeskContext, type DeskDecision, EXISTING, isAgent, refusedAs } from './decide-desk.ts'
import { type DeskState, hasRoom, isOver, isPresent, newAgent, type Seat } from './desk.ts'
import { begun, forPeople, queuedAgain } from './desk-bot.ts'
import { agentChanged, changed, type DeskDraft, goneOffer, WAITING } from './desk-draft.ts'
import { statusOf } from './desk-status.ts'
import { offerBack, offered } from './desk-steps.ts'

/** What is asked about a conversation that has begun, by an agent or, to open it again, by the visitor. */
export type AgentCommand = Extract<
  DeskCommand,
  {
    method:
      | 'desk.accept'
      | 'desk.decline'
      | 'desk.pick'
      | 'desk.transfer'
      | 'desk.hold'
      | 'desk.snooze'
      | 'desk.resume'
      | 'desk.close'
      | 'desk.reopen'
      | 'desk.priority'
      | 'desk.tag'
      | 'desk.take'
  }
>
type Of<Method extends AgentCommand['method']> = Extract<AgentCommand, { method: Method }>
type Fenced = Exclude<AgentCommand, { method: 'desk.accept' | 'desk.decline' }>

interface About extends DeskContext {
  readonly conversation: Conversation
}

interface ByAgent extends About {
  readonly seat: Seat
  /** Of the whole installation, or supervisor of this desk. */
  readonly isChief: boolean
}

const done = (...drafts: [DeskDraft, ...DeskDraft[]]): DeskDecision => ({ drafts })
const full = (): DeskDecision =>
  refusedAs('limit_exceeded', { field: 'capacity', message: 'You have as many as you take.' })

/** Decides what an agent asks of a conversation. Nothing is done with a revision that is not the present one. */
export function decideByAgent(state: DeskState, command: AgentCommand, about: About): DeskDecision {
  const { conversation, nowMs } = about
  if (command.method === 'desk.reopen' && command.from === conversation.visitor)
    return reopenByVisitor(command, state, about)
  const seat = state.agents.get(command.from)
  const chief = isChief(command.roles) || seat?.agent.supervisor === true
  if (!isAgent(state, command.from) && !chief) return refusedAs('permission_denied', { field: 'conversation' })
  if (command.method === 'desk.accept' || command.method === 'desk.decline') return answerOffer(state, command, about)
  if (command.body.revision !== conversation.revision) return stale(state, about)
  const by = { ...about, isChief: chief, seat: seat ?? nobody(command.from) }
  switch (command.method) {
    case 'desk.pick':
      return pick(state, by)
    case 'desk.priority':
      return done(changed(conversation, 'prioritized', { priority: command.body.priority, at: nowMs }))
    case 'desk.tag':
      return done(changed(conversation, 'tagged', { tags: command.body.tags, at: nowMs }))
    case 'desk.reopen':
      return reopen(state, by)
    case 'desk.take':
      return take(state, by)
    default:
      return ofOwner(state, command, by)
  }
}

/** A chief of the installation who is no agent of this desk: they may act, and have no place for conversations. */
const nobody = (user: string): Seat => ({ agent: newAgent(user), isGhost: true, offered: new Set(), owned: new Set() })

/** Somebody has changed it since: the state as it is comes with the refusal. */
const stale = (state: DeskState, { conversation, nowMs }: About): DeskDecision =>
  refusedAs('conflict', { field: 'revision', state: statusOf(state, conversation, nowMs) })

/** The revision is right and the state is none for this. */
const unfit = (state: DeskState, { conversation, nowMs }: About): DeskDecision =>
  refusedAs('conflict', { field: 'conversation', state: statusOf(state, conversation, nowMs) })

function answerOffer(state: DeskState, command: Of<'desk.accept' | 'desk.decline'>, about: About): DeskDecision {
  const { conversation, nowMs: at } = about
  const { offer } = conversation
  const seat = state.agents.get(command.from)
  if (!seat || offer?.offer !== command.body.offer || offer.agent !== command.from || offer.expires_at <= at) {
    return refusedAs('conflict', { field: 'offer', state: statusOf(state, conversation, at) })
  }
  if (command.method === 'desk.decline') {
    return done(
      offerBack(conversation, 'declined', at),
      agentChanged(seat.agent, { rests_until: at + MAX.agentRestMs }),
    )
  }
  const accepted = {
    ...taken(conversation, { change: 'accepted', seat, at }),
    ...goneOffer(conversation, 'accepted'),
  }
  return seat.agent.missed === 0 ? done(accepted) : done(accepted, agentChanged(seat.agent, { missed: 0 }))
}

/** From here on this agent is responsible. */
const taken = (
  conversation: Conversation,
  by: { readonly change: 'accepted' | 'picked' | 'reopened' | 'taken'; readonly seat: Seat; readonly at: number },
) =>
  changed(conversation, by.change, {
    state: 'assigned',
    agent: by.seat.agent.user,
    bot: by.seat.agent.bot === true,
    offline: false,
    offer: null,
    until: null,
    assigned_at: by.at,
    answered_at: conversation.answered_at ?? (by.seat.agent.bot ? null : by.at),
    ended_at: null,
    at: by.at,
  })

function pick(state: DeskState, by: ByAgent): DeskDecision {
  const { conversation, seat, nowMs: at } = by
  if (conversation.state !== 'queued') return unfit(state, by)
  if (!isPresent(seat))
    return refusedAs('not_available', { field: 'status', message: 'You are not online at this desk.' })
  if (!hasRoom(seat)) return full()
  return done(taken(conversation, { change: 'picked', seat, at }))
}

/** A supervisor steps in. They are an agent like the others: present, and with room for one more. */
function take(state: DeskState, by: ByAgent): DeskDecision {
  const { conversation, seat, nowMs: at } = by
  if (!by.isChief) return refusedAs('permission_denied', { field: 'conversation' })
  if (isOver(conversation) || conversation.agent === seat.agent.user) return unfit(state, by)
  if (!isPresent(seat))
    return refusedAs('not_available', { field: 'status', message: 'You are not online at this desk.' })
  if (!hasRoom(seat)) return full()
  const gone = goneOffer(conversation, 'withdrawn')
  return done({ ...taken(conversation, { change: 'taken', seat, at }), ...gone })
}

function reopen(state: DeskState, by: ByAgent): DeskDecision {
  const { conversation, seat, nowMs: at } = by
  if (conversation.state !== 'closed') return unfit(state, by)
  if (!isPresent(seat))
    return refusedAs('not_available', { field: 'status', message: 'You are not online at this desk.' })
  if (!hasRoom(seat)) return full()
  return done(taken(conversation, { change: 'reopened', seat, at }))
}

function reopenByVisitor(command: Of<'desk.reopen'>, state: DeskState, about: About): DeskDecision {
  if (command.body.revision !== about.conversation.revision) return stale(state, about)
  if (about.conversation.state !== 'closed') return EXISTING
  return { drafts: reopened(state, about.conversation, about.nowMs) }
}

/** As a new wait: into the queue, and whoever had it is asked first; with a bot again what no person has had. */
export function reopened(state: DeskState, conversation: Conversation, at: number): [DeskDraft, ...DeskDraft[]] {
  const isBots = conversation.bot === true || conversation.agent === null
  const again = changed(conversation, 'reopened', {
    ...WAITING,
    prefers: isBots ? null : conversation.agent,
    breached: [],
    answered_at: null,
    replied_at: null,
    ended_at: null,
    entered_at: at,
    ticket: state.head + 1,
    at,
  })
  return isBots ? begun(state, again, at) : [forPeople(state, again, at)]
}

const OWNED: ReadonlySet<ConversationState> = new Set(['assigned', 'transferring', 'held', 'snoozed'])

/** What only the one who is responsible may do, or a supervisor. */
function ofOwner(
  state: DeskState,
  command: Exclude<Fenced, { method: 'desk.pick' | 'desk.priority' | 'desk.reopen' | 'desk.tag' | 'desk.take' }>,
  by: ByAgent,
): DeskDecision {
  const { conversation, seat, nowMs: at } = by
  const isOwner = conversation.agent === seat.agent.user && OWNED.has(conversation.state)
  if (!isOwner && !by.isChief) return unfit(state, by)
  const { state: now } = conversation
  switch (command.method) {
    case 'desk.transfer':
      return transfer(state, command, by)
    case 'desk.close':
      if (now === 'closed') return unfit(state, by)
      return done({
        ...changed(conversation, 'closed', { state: 'closed', offer: null, until: null, ended_at: at, at }),
        ...goneOffer(conversation, 'withdrawn'),
      })
    case 'desk.hold':
      return now === 'assigned' ? done(changed(conversation, 'held', { state: 'held', at })) : unfit(state, by)
    case 'desk.snooze': {
      const { until } = command.body
      if (until <= at || until > at + MAX.snoozeMs) return refusedAs('bad_request', { field: 'until' })
      if (now !== 'assigned' && now !== 'held' && now !== 'snoozed') return unfit(state, by)
      return done(changed(conversation, 'snoozed', { state: 'snoozed', until, at }))
    }
    case 'desk.resume':
      return resume(state, by)
  }
}

function resume(state: DeskState, by: ByAgent): DeskDecision {
  const { conversation, nowMs: at } = by
  if (conversation.state === 'snoozed') {
    const owner = state.agents.get(conversation.agent ?? '')
    if (!owner || !isPresent(owner)) return refusedAs('not_available', { field: 'status' })
    if (!hasRoom(owner)) return full()
  } else if (conversation.state !== 'held') return unfit(state, by)
  return done(changed(conversation, 'resumed', { state: 'assigned', until: null, at }))
}

const HANDED_ON: ReadonlySet<ConversationState> = new Set(['queued', 'offered', 'assigned', 'held', 'snoozed'])

function transfer(state: DeskState, command: Of<'desk.transfer'>, by: ByAgent): DeskDecision {
  const { conversation, nowMs: at } = by
  const { to, note } = command.body
  if (!HANDED_ON.has(conversation.state)) return unfit(state, by)
  const carried = note === undefined ? {} : { note: { from: command.from, text: note } }
  if ('agent' in to) return transferToAgent(state, to.agent, { ...by, carried })
  const gone = goneOffer(conversation, 'withdrawn')
  if (to.desk === state.desk)
    return done({
      ...changed(conversation, 'transferred', queuedAgain(state, conversation, { prefers: null, at })),
      ...gone,
      ...carried,
    })
  if (by.isDesk !== true) return refusedAs('not_found', { field: 'to.desk' })
  const moved = { ...WAITING, state: 'moved', moved_to: to.desk, prefers: null, at } as const
  return done({ ...changed(conversation, 'moved', moved), ...gone, ...carried })
}

function transferToAgent(
  state: DeskState,
  agent: string,
  by: ByAgent & { readonly carried: { note?: { from: string; text: string } } },
): DeskDecision {
  const { conversation, carried, nowMs: at } = by
  const target = state.agents.get(agent)
  if (!target || target.isGhost) return refusedAs('not_found', { field: 'to.agent' })
  if (target.agent.bot)
    return refusedAs('not_available', { field: 'to.agent', message: 'is a bot, which is never asked' })
  if (agent === conversation.agent) return refusedAs('bad_request', { field: 'to.agent', message: 'has it already' })
  if (!isPresent(target) || !hasRoom(target))
    return refusedAs('not_available', { field: 'to.agent', message: 'is away, or has as many as they take' })
  const seconds = state.settings?.offer_seconds ?? 0
  // What was put off counts again from now on: whoever has it must have room for it until the other one accepts.
  const owner = state.agents.get(conversation.agent ?? '')
  if (conversation.state === 'snoozed' && (!owner || !hasRoom(owner))) return full()
  return done({ ...offered(conversation, { agent, at, seconds }), ...goneOffer(conversation, 'withdrawn'), ...carried })
}
