import type { Conversation, ConversationStatus } from '@switchboard/contracts/desks'
import { type DeskState, isPresent, queueKey, type Seat } from './desk.ts'
import { isOpenAt } from './desk-hours.ts'

/** A conversation as those who take part are told of it, with the place in the queue of one that waits. */
export function statusOf(state: DeskState, conversation: Conversation, nowMs: number): ConversationStatus {
  const { conversation: id, desk, revision, agent } = conversation
  const isBot = agent !== null && conversation.bot === true
  const status = {
    ...{ conversation: id, room: id, desk, state: conversation.state, revision, agent },
    ...(isBot && { bot: true }),
  }
  if (conversation.state !== 'queued' && conversation.state !== 'offered') return status
  const position = state.queue.rank(id, queueKey(conversation), conversation.ticket) + 1
  const seconds = waitSeconds(state, position)
  const open = state.settings !== null && isOpenAt(state.settings, nowMs)
  return {
    ...status,
    position,
    open,
    online: presentCount(state),
    ...(seconds === null ? {} : { wait_seconds: seconds }),
  }
}

/** People only: a bot does not take what waits. */
const answers = (seat: Seat): boolean => isPresent(seat) && seat.agent.bot !== true

/** How long the one at this place will wait: as many conversations must end before, and the desk ends so many at a time. */
export function waitSeconds({ handledMs, agents }: DeskState, position: number): number | null {
  let places = 0
  for (const seat of agents.values()) if (answers(seat)) places += seat.agent.capacity
  if (places === 0 || handledMs.length === 0) return null
  const mean = handledMs.reduce((sum, ms) => sum + ms, 0) / handledMs.length
  return Math.round((position * mean) / places / 1_000)
}

/** Agents who take conversations now. */
export function presentCount({ agents }: DeskState): number {
  let count = 0
  for (const seat of agents.values()) if (answers(seat)) count += 1
  return count
}
