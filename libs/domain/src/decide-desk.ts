import { DESK_DEFAULTS } from '@switchboard/contracts/desks'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { DeskCommand, GlobalRole } from '@switchboard/contracts/records'
import { type AgentCommand, decideByAgent } from './decide-conversation.ts'
import { decideByVisitor, heard, received, type VisitCommand } from './decide-visit.ts'
import { type DeskState, findConversation, newAgent, openOf, type Seat } from './desk.ts'
import { agentChanged, type DeskDraft } from './desk-draft.ts'
import { conversationOfOffer } from './desk-ids.ts'

export type OfDesk<Method extends DeskCommand['method']> = Extract<DeskCommand, { method: Method }>

/** What a decision needs beyond the desk. */
export interface DeskContext {
  readonly nowMs: number
  /** Whether the desk that the command names exists. */
  readonly isDesk?: boolean
}

/**
 * Events that follow; a refusal; `existing`, there is nothing to do; or `forward`, another desk has the conversation by now and
 * decides.
 */
export type DeskDecision =
  | { readonly drafts: readonly [DeskDraft, ...DeskDraft[]] }
  | { readonly existing: true }
  | { readonly forward: string }
  | { readonly refused: Refusal }

export const refusedAs = (...args: Parameters<typeof refuse>): DeskDecision => ({ refused: refuse(...args) })
export const EXISTING: DeskDecision = { existing: true }

/** The conversation that a command is about, undefined where it is about none that has begun. */
export function conversationOf(state: DeskState, command: DeskCommand): string | undefined {
  switch (command.method) {
    case 'desk.enter':
      return openOf(state, command.from)?.conversation
    case 'desk.accept':
    case 'desk.decline':
      return conversationOfOffer(command.body.offer)
    case 'desk.receive':
      return command.body.conversation.conversation
    default:
      return 'conversation' in command.body ? command.body.conversation : undefined
  }
}

/** Who may make desks and say who their agents are. */
const mayAdminister = (roles: readonly GlobalRole[] | undefined): boolean =>
  roles?.some((role) => role === 'admin' || role === 'api') === true

/** Decides a command against the desk as it stands. Pure: the moment is an argument, the desk is not changed. */
export function decideDesk(state: DeskState, command: DeskCommand, context: DeskContext): DeskDecision {
  const nowMs = Math.max(context.nowMs, state.at)
  const isAdministration = /^desk\.(put|remove)/.test(command.method)
  if (isAdministration && !mayAdminister(command.roles)) return refusedAs('permission_denied')
  switch (command.method) {
    case 'desk.put':
      return putDesk(state, command)
    case 'desk.tick':
      return EXISTING
    case 'desk.presence':
      return presence(state, command, nowMs)
    case 'desk.receive':
      return received(state, command, nowMs)
  }
  if (state.settings === null) return refusedAs('not_found', { field: 'desk' })
  switch (command.method) {
    case 'desk.put-agent':
      return putAgent(state, command)
    case 'desk.remove-agent':
      return isAgent(state, command.body.user)
        ? { drafts: [{ type: 'agent.removed', user: command.body.user }] }
        : refusedAs('not_found', { field: 'user' })
    case 'desk.status':
      return setStatus(state, command)
    default:
      return onConversation(state, command, { ...context, nowMs })
  }
}

/** One that is with another desk by now is decided there. */
function onConversation(
  state: DeskState,
  command: VisitCommand | AgentCommand | OfDesk<'desk.heard'>,
  context: DeskContext,
): DeskDecision {
  const conversation = findConversation(state, conversationOf(state, command) ?? '')
  if (conversation?.state === 'moved' && conversation.moved_to !== null) return { forward: conversation.moved_to }
  switch (command.method) {
    case 'desk.heard':
      return heard(state, conversation, { by: command.body.by, at: context.nowMs })
    case 'desk.enter':
    case 'desk.leave':
    case 'desk.rate':
      return decideByVisitor(state, command, { conversation, ...context })
    default:
      return conversation
        ? decideByAgent(state, command, { conversation, ...context })
        : refusedAs('not_found', { field: 'conversation' })
  }
}

export const isAgent = (state: DeskState, user: string): boolean => state.agents.get(user)?.isGhost === false

function putDesk(state: DeskState, { body }: OfDesk<'desk.put'>): DeskDecision {
  const { settings, create } = body
  if (create && state.settings) return refusedAs('conflict', { field: 'desk', message: 'There is a desk of this id.' })
  if (!create && !state.settings) return refusedAs('not_found', { field: 'desk' })
  const { title } = { ...state.settings, ...settings }
  if (title === undefined) return refusedAs('bad_request', { field: 'title', message: 'is required' })
  return { drafts: [{ type: 'desk.updated', settings: { ...DESK_DEFAULTS, ...state.settings, ...settings, title } }] }
}

function putAgent(state: DeskState, { body }: OfDesk<'desk.put-agent'>): DeskDecision {
  const { user, skills, supervisor, bot, capacity } = body
  const isNew = !isAgent(state, user)
  if (isNew && agentCount(state) >= MAX.deskAgents)
    return refusedAs('limit_exceeded', { field: 'user', message: `a desk has at most ${MAX.deskAgents} agents` })
  const known = isNew ? undefined : state.agents.get(user)?.agent
  const agent = known ?? newAgent(user, state.settings?.capacity ?? 0)
  const change = {
    ...(skills && { skills }),
    ...(supervisor !== undefined && { supervisor }),
    ...(bot !== undefined && { bot }),
    ...(capacity !== undefined && { capacity, capacity_max: capacity }),
  }
  return { drafts: [agentChanged(agent, change)] }
}

const agentCount = ({ agents }: DeskState): number => [...agents.values()].filter(({ isGhost }) => !isGhost).length

/** Whoever says so is there, whatever was heard of their connections. */
function setStatus(state: DeskState, { from, body }: OfDesk<'desk.status'>): DeskDecision {
  const seat = state.agents.get(from)
  if (!seat || seat.isGhost) return refusedAs('permission_denied', { field: 'desk' })
  const { status, capacity = seat.agent.capacity } = body
  if (capacity > seat.agent.capacity_max)
    return refusedAs('limit_exceeded', { field: 'capacity', message: `is at most ${seat.agent.capacity_max} for you` })
  const rests = status === seat.agent.status ? {} : { rests_until: null, missed: 0 }
  return { drafts: [agentChanged(seat.agent, { status, capacity, connected: true, gone_at: null, ...rests })] }
}

/** Agents that one command tells of: the others follow with the next. */
const HEARD_MAX = MAX.deskSteps

function presence(state: DeskState, { body }: OfDesk<'desk.presence'>, at: number): DeskDecision {
  const seatsOf = (users: readonly string[], connected: boolean): Seat[] =>
    users
      .slice(0, HEARD_MAX)
      .map((user) => state.agents.get(user))
      .filter((seat) => seat !== undefined && !seat.isGhost && seat.agent.connected !== connected) as Seat[]
  const back = seatsOf(body.connected, true).map(({ agent }) => agentChanged(agent, { connected: true, gone_at: null }))
  const gone = seatsOf(body.gone, false).map(({ agent }) => agentChanged(agent, { connected: false, gone_at: at }))
  const [first, ...rest] = [...back, ...gone].slice(0, HEARD_MAX)
  return first ? { drafts: [first, ...rest] } : EXISTING
}
