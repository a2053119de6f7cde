import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { DeskInfo, DeskView, PartitionQueries } from '@switchboard/contracts/queries'
import { isChief } from '@switchboard/domain/conversation-room'
import { isAgent } from '@switchboard/domain/decide-desk'
import { type DeskState, findConversation } from '@switchboard/domain/desk'
import { isOpenAt, opensAt } from '@switchboard/domain/desk-hours'
import { presentCount, statusOf, waitSeconds } from '@switchboard/domain/desk-status'

/** Between two questions for the place in the queue: of the first few, and of all others. */
const ASK_FIRST_MS = 5_000
const ASK_LATER_MS = 30_000
const FIRST = 20

type Position = PartitionQueries['desk.position']

/** How a conversation stands, for its visitor and for agents. */
export function positionOf(
  state: DeskState,
  { conversation: id, user, roles }: Position['ask'],
  nowMs: number,
): Position['answer'] | Refusal {
  const conversation = findConversation(state, id)
  if (!conversation) return refuse('not_found', { field: 'conversation' })
  if (conversation.visitor !== user && !isAgent(state, user) && !isChief(roles))
    return refuse('not_found', { field: 'conversation' })
  if (conversation.state === 'moved' && conversation.moved_to !== null) return { moved_to: conversation.moved_to }
  const status = statusOf(state, conversation, nowMs)
  const isNear = status.position === undefined || status.position <= FIRST
  return { ...status, ask_again_ms: isNear ? ASK_FIRST_MS : ASK_LATER_MS }
}

/** What anybody may know. */
export function infoOf(state: DeskState, nowMs: number): DeskInfo | Refusal {
  const { desk, settings, queue } = state
  if (!settings) return refuse('not_found', { field: 'desk' })
  const seconds = waitSeconds(state, queue.size + 1)
  return {
    desk,
    title: settings.title,
    open: isOpenAt(settings, nowMs),
    opens_at: opensAt(settings, nowMs),
    online: presentCount(state),
    waiting: queue.size,
    ...(seconds === null ? {} : { wait_seconds: seconds }),
    pre_chat: settings.pre_chat,
  }
}

/** One page of the desk as it stands, for its agents. */
export function viewOf(
  state: DeskState,
  { user, roles, after = '' }: PartitionQueries['desk.view']['ask'],
  nowMs: number,
): DeskView | Refusal {
  const { desk, head, settings } = state
  if (!settings) return refuse('not_found', { field: 'desk' })
  if (!isAgent(state, user) && !isChief(roles)) return refuse('permission_denied', { field: 'desk' })
  const left = [...state.conversations.keys()].filter((id) => id > after).sort()
  const page = left.slice(0, MAX.deskPage).map((id) => state.conversations.get(id))
  const agents = after === '' ? [...state.agents.values()].filter(({ isGhost }) => !isGhost) : []
  return {
    desk,
    head,
    settings,
    open: isOpenAt(settings, nowMs),
    agents: agents.map(({ agent }) => agent),
    conversations: page.filter((conversation) => conversation !== undefined),
    more: left.length > MAX.deskPage,
  }
}

/** Whether somebody may follow the desk. */
export function roleOf(
  state: DeskState,
  { user, roles }: PartitionQueries['desk.role']['ask'],
): PartitionQueries['desk.role']['answer'] | Refusal {
  if (!state.settings) return refuse('not_found', { field: 'desk' })
  const chief = isChief(roles)
  const supervisor = chief || (isAgent(state, user) && state.agents.get(user)?.agent.supervisor === true)
  return { agent: isAgent(state, user) || chief, supervisor, head: state.head }
}
