import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation, DeskSettings, Priority } from '@switchboard/contracts/desks'
import { DESK_DEFAULTS } from '@switchboard/contracts/desks'
import { MAX } from '@switchboard/contracts/limits'
import { Ordered, type Work } from './desk-order.ts'
import { botLateAt, breachOf, idleAt } from './desk-timers.ts'

/** An agent with what they have. `isGhost`: no agent any more, or never one, and something still names them. */
export interface Seat {
  agent: Agent
  isGhost: boolean
  readonly offered: Set<string>
  readonly owned: Set<string>
}

/** A desk as its events make it. Changed only by `applyDesk`; everything below `agents` and `conversations` follows from them. */
export interface DeskState {
  readonly desk: string
  /** seq of the newest event, 0 before the first. */
  head: number
  /** When the newest event happened: time never goes back here. */
  at: number
  settings: DeskSettings | null
  readonly agents: Map<string, Seat>
  /** Those that are not over. */
  readonly conversations: Map<string, Conversation>
  /** The newest of those that are over, closed or with another desk. */
  readonly past: Map<string, Conversation>
  readonly byVisitor: Map<string, Set<string>>
  /** All that wait, in their order. */
  readonly queue: Ordered
  /** The same by the skill that they need; '' is none. */
  readonly queues: Map<string, Ordered>
  /** Agents who could be made an offer now, by their skills; all are under '', and bots, who are made none, under `BOTS`. */
  readonly free: Map<string, Ordered>
  /** What is due when: `c:` offers and what was put off, `s:` promises, `i:` silence, `b:` bots, `a:` agents who are gone, `r:` who rest. */
  readonly timers: Ordered
  /** How long the newest conversations took, in milliseconds. */
  readonly handledMs: number[]
  readonly work: Work
}

/** No name of a skill. */
export const BOTS = ' bots'

/** What the last conversations took says how long the next ones will. */
const HANDLED_KEPT = 32

export function emptyDesk(desk: string): DeskState {
  const work = { steps: 0 }
  return {
    desk,
    head: 0,
    at: 0,
    settings: null,
    agents: new Map(),
    conversations: new Map(),
    past: new Map(),
    byVisitor: new Map(),
    queue: new Ordered(work),
    queues: new Map(),
    free: new Map(),
    timers: new Ordered(work),
    handledMs: [],
    work,
  }
}

export interface DeskFacts {
  readonly desk: string
  readonly head: number
  readonly at: number
  readonly settings: DeskSettings | null
  readonly agents: readonly Agent[]
  readonly conversations: readonly Conversation[]
}

/** The state that a snapshot describes. */
export function deskFrom(facts: DeskFacts): DeskState {
  const state = emptyDesk(facts.desk)
  // What an older release has stored lacks what came since.
  state.settings = facts.settings && { ...DESK_DEFAULTS, ...facts.settings }
  for (const agent of facts.agents) seatOf(state, agent.user, agent)
  for (const conversation of facts.conversations) putConversation(state, conversation)
  for (const user of state.agents.keys()) arrange(state, user)
  state.head = facts.head
  state.at = facts.at
  return state
}

/** Folds the next event in. @throws when it is not the next: a hole here is a bug, and everything after it would be wrong. */
export function applyDesk(state: DeskState, event: DeskEvent): void {
  if (event.seq !== state.head + 1) throw new Error(`event ${event.seq} of desk ${state.desk} after ${state.head}`)
  state.head = event.seq
  state.at = event.at
  switch (event.type) {
    case 'desk.updated':
      state.settings = event.settings
      for (const user of state.agents.keys()) arrange(state, user)
      for (const conversation of state.conversations.values()) setTimers(state, conversation)
      break
    case 'agent.updated':
      seatOf(state, event.agent.user, event.agent)
      arrange(state, event.agent.user)
      break
    case 'agent.removed': {
      const seat = state.agents.get(event.user)
      if (seat) seat.isGhost = true
      arrange(state, event.user)
      break
    }
    case 'conversation.changed':
      remember(state, event)
      putConversation(state, event.conversation)
      if (event.change === 'offered') serve(state, event.conversation.offer?.agent ?? '', event.seq)
      break
  }
}

function remember(
  state: DeskState,
  { change, conversation: { assigned_at, bot, at } }: Extract<DeskEvent, { change: unknown }>,
) {
  if ((change !== 'closed' && change !== 'left') || assigned_at === null || bot) return
  state.handledMs.push(at - assigned_at)
  if (state.handledMs.length > HANDLED_KEPT) state.handledMs.shift()
}

function serve(state: DeskState, user: string, served: number): void {
  const seat = state.agents.get(user)
  if (!seat) return
  seat.agent = { ...seat.agent, served }
  arrange(state, user)
}

/** An agent of whom nothing is known yet. */
export const newAgent = (user: string, capacity = 0): Agent => ({
  user,
  skills: [],
  supervisor: false,
  capacity_max: capacity,
  capacity,
  status: 'offline',
  connected: false,
  gone_at: 0,
  rests_until: null,
  missed: 0,
  served: 0,
})

/** The seat of an agent; with what is known of them by now, if that is given. */
function seatOf(state: DeskState, user: string, agent?: Agent): Seat {
  const known = state.agents.get(user)
  if (known) {
    if (agent) {
      unlist(state, user, known.agent)
      known.agent = agent
      known.isGhost = false
    }
    return known
  }
  const isGhost = agent === undefined
  const seat: Seat = { agent: agent ?? newAgent(user), isGhost, offered: new Set(), owned: new Set() }
  state.agents.set(user, seat)
  return seat
}

/** What counts against the capacity of an agent: what is offered to them and what they have, but for what was put off. */
export const loadOf = (seat: Seat): number => seat.offered.size + seat.owned.size

/** Whether this agent takes conversations at all. */
export const isPresent = ({ agent, isGhost }: Seat): boolean => !isGhost && agent.status === 'online' && agent.connected

export const hasRoom = (seat: Seat): boolean => loadOf(seat) < seat.agent.capacity

/** Whether an offer may be made now. */
export const isFree = (seat: Seat): boolean => isPresent(seat) && hasRoom(seat) && seat.agent.rests_until === null

/** What waiting is worth: nobody waits for longer than the largest of these behind those who came later. */
const BONUS_MS: Readonly<Record<Priority, number>> = { low: -600_000, normal: 0, high: 600_000, urgent: 1_800_000 }

/** The place in the queue: the earlier, the sooner. */
export const queueKey = ({ entered_at, priority }: Conversation): number => entered_at - BONUS_MS[priority]

/** The longest that anybody waits behind those who came later, whatever their priorities. */
export const OVERTAKEN_MS_MAX = BONUS_MS.urgent - BONUS_MS.low

/** The conversation, if this desk has it in memory, over or not. */
export const findConversation = (state: DeskState, id: string): Conversation | undefined =>
  state.conversations.get(id) ?? state.past.get(id)

/** The newest of a visitor's conversations that are not over. */
export function openOf({ byVisitor, conversations }: DeskState, visitor: string): Conversation | undefined {
  const own = [...(byVisitor.get(visitor) ?? [])].map((id) => conversations.get(id)).filter((one) => one !== undefined)
  return own.sort((a, b) => b.entered_at - a.entered_at || b.ticket - a.ticket).at(0)
}

export const isOver = ({ state }: Conversation): boolean => state === 'closed' || state === 'moved'

function putConversation(state: DeskState, conversation: Conversation): void {
  const id = conversation.conversation
  const before = state.conversations.get(id)
  if (before) takeOut(state, before)
  state.past.delete(id)
  if (isOver(conversation)) keepPast(state, conversation)
  else putIn(state, conversation)
  for (const user of new Set([before?.agent, before?.offer?.agent, conversation.agent, conversation.offer?.agent]))
    if (user) arrange(state, user)
}

/** A conversation that storage knows and memory does not: one that has ended. */
export function recall(state: DeskState, conversation: Conversation): void {
  if (!findConversation(state, conversation.conversation)) putConversation(state, conversation)
}

function keepPast({ past }: DeskState, conversation: Conversation): void {
  past.set(conversation.conversation, conversation)
  if (past.size <= MAX.deskPast) return
  const oldest = past.keys().next().value
  if (oldest !== undefined) past.delete(oldest)
}

function takeOut(state: DeskState, { conversation: id, visitor, agent, offer, skill }: Conversation): void {
  state.conversations.delete(id)
  const own = state.byVisitor.get(visitor)
  own?.delete(id)
  if (own?.size === 0) state.byVisitor.delete(visitor)
  state.queue.delete(id)
  const queue = state.queues.get(skill ?? '')
  queue?.delete(id)
  if (queue?.size === 0) state.queues.delete(skill ?? '')
  for (const kind of ['c', 's', 'i', 'b']) state.timers.delete(`${kind}:${id}`)
  if (agent !== null) state.agents.get(agent)?.owned.delete(id)
  if (offer !== null) state.agents.get(offer.agent)?.offered.delete(id)
}

function putIn(state: DeskState, conversation: Conversation): void {
  const { conversation: id, visitor, agent, offer, skill, ticket } = conversation
  state.conversations.set(id, conversation)
  const own = state.byVisitor.get(visitor) ?? new Set()
  state.byVisitor.set(visitor, own.add(id))
  if (conversation.state === 'queued') {
    state.queue.put(id, queueKey(conversation), ticket)
    orderedIn(state, state.queues, skill ?? '').put(id, queueKey(conversation), ticket)
  }
  if (agent !== null && conversation.state !== 'snoozed') seatOf(state, agent).owned.add(id)
  if (offer !== null) seatOf(state, offer.agent).offered.add(id)
  setTimers(state, conversation)
}

function setTimers({ timers, settings }: DeskState, conversation: Conversation): void {
  const { conversation: id, offer, until } = conversation
  const set = (timer: string, at: number | null) => (at === null ? timers.delete(timer) : timers.put(timer, at))
  set(`c:${id}`, offer?.expires_at ?? (conversation.state === 'snoozed' ? until : null))
  set(`s:${id}`, breachOf(settings, conversation)?.at ?? null)
  set(`i:${id}`, idleAt(settings, conversation))
  set(`b:${id}`, botLateAt(settings, conversation))
}

function orderedIn({ work }: DeskState, lists: Map<string, Ordered>, name: string): Ordered {
  const known = lists.get(name)
  if (known) return known
  const made = new Ordered(work)
  lists.set(name, made)
  return made
}

function unlist(state: DeskState, user: string, { skills }: Agent): void {
  for (const skill of ['', BOTS, ...skills]) state.free.get(skill)?.delete(user)
}

/** Puts an agent where they belong, whatever has changed: among the free, and among those whose time is up. */
function arrange(state: DeskState, user: string): void {
  const seat = state.agents.get(user)
  if (!seat) return
  const { agent } = seat
  unlist(state, user, agent)
  if (isFree(seat)) {
    const key = state.settings?.strategy === 'round_robin' ? agent.served : loadOf(seat)
    for (const skill of agent.bot ? [BOTS] : ['', ...agent.skills])
      orderedIn(state, state.free, skill).put(user, key, agent.served)
  }
  const clearsAt = clearTime(state, seat)
  if (clearsAt === null) state.timers.delete(`a:${user}`)
  else state.timers.put(`a:${user}`, clearsAt)
  if (agent.rests_until === null || seat.isGhost) state.timers.delete(`r:${user}`)
  else state.timers.put(`r:${user}`, agent.rests_until)
  if (seat.isGhost && loadOf(seat) === 0) state.agents.delete(user)
}

/** When what an agent has is taken from them; 0 is now, null never. */
function clearTime({ settings }: DeskState, seat: Seat): number | null {
  if (isPresent(seat) || loadOf(seat) === 0) return null
  const { agent, isGhost, offered } = seat
  if (isGhost || agent.status !== 'online' || offered.size > 0) return 0
  return (agent.gone_at ?? 0) + (settings?.requeue_seconds ?? 0) * 1_000
}
