import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { Agent, Conversation, ConversationStatus } from '@switchboard/contracts/desks'
import type { MethodName } from '@switchboard/contracts/methods'
import type {
  DeskAgent,
  DeskConversation,
  DeskEventSeen,
  DeskOperation,
  DeskReturn,
  StandingSeen,
} from '@switchboard/testkit/history/records-desk'

const NAMES: ReadonlySet<string> = new Set<DeskOperation['name']>([
  'enter',
  'leave',
  'rate',
  'status',
  'accept',
  'decline',
  'pick',
  'transfer',
  'hold',
  'snooze',
  'resume',
  'close',
  'reopen',
  'priority',
  'tag',
  'take',
])

/** What a desk is asked to decide; null for questions and for what is no desk's. */
export function deskOperationOf(method: MethodName, data: object): DeskOperation | null {
  const name = method.startsWith('desk.') ? method.slice('desk.'.length) : ''
  if (!NAMES.has(name)) return null
  const { cid, conversation, revision, offer } = data as DeskOperation
  return {
    name: name as DeskOperation['name'],
    cid,
    ...(conversation === undefined ? {} : { conversation }),
    ...(revision === undefined ? {} : { revision }),
    ...(offer === undefined ? {} : { offer }),
  }
}

/** An answer of a desk: how the conversation stands, or an agent. */
export function deskOutcomeOf(answer: unknown): Pick<DeskReturn, 'outcome' | 'conversation' | 'standing'> {
  const { conversation, state, revision, agent } = answer as Partial<ConversationStatus>
  if (conversation === undefined || state === undefined || revision === undefined) return { outcome: 'ok' }
  return { outcome: 'ok', conversation, standing: { state, revision, agent: agent ?? null } }
}

export const standingIn = ({ state, revision, agent }: StandingSeen): StandingSeen => ({ state, revision, agent })

const conversationSeen = (conversation: Conversation): DeskConversation => ({
  conversation: conversation.conversation,
  visitor: conversation.visitor,
  ...standingIn(conversation),
  offer: conversation.offer && { offer: conversation.offer.offer, agent: conversation.offer.agent },
  priority: conversation.priority,
  skill: conversation.skill,
  entered_at: conversation.entered_at,
  ticket: conversation.ticket,
})

const agentSeen = ({ user, capacity, status, connected }: Agent): DeskAgent => ({ user, capacity, status, connected })

/** What counts of an event of a desk, whichever way it came; the same event always looks the same. */
export function deskEventSeen(data: unknown): DeskEventSeen {
  const event = data as DeskEvent
  const { seq, at, from, cid } = event
  const base = { seq, at, from, cid }
  switch (event.type) {
    case 'desk.updated':
      return { ...base, type: event.type, requeue_seconds: event.settings.requeue_seconds }
    case 'agent.updated':
      return { ...base, type: event.type, agent: agentSeen(event.agent) }
    case 'agent.removed':
      return { ...base, type: event.type, user: event.user }
    case 'conversation.changed':
      return { ...base, type: event.type, change: event.change, conversation: conversationSeen(event.conversation) }
  }
}
