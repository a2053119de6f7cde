import type { Standing } from '@switchboard/contracts/desk-events'
import type { ConversationStatus } from '@switchboard/contracts/desks'
import type { RoomEvent } from '@switchboard/contracts/events'
import type { TimelineItem } from './timeline-item.ts'

/** How the visitor's conversation stands, as far as was heard. */
export type VisitStatus = ConversationStatus | null

const WAITING = new Set<ConversationStatus['state']>(['queued', 'offered'])

/** Nobody is responsible yet. */
export const isWaiting = (status: VisitStatus): boolean => status !== null && WAITING.has(status.state)
export const hasEnded = (status: VisitStatus): boolean => status?.state === 'closed'

/** An answer of the desk. Answers may overtake each other and the events: the higher revision stands. */
export function afterAnswer(known: VisitStatus, answer: ConversationStatus): VisitStatus {
  if (known === null || known.conversation !== answer.conversation) return answer
  return answer.revision >= known.revision ? answer : known
}

/** What the room says of its desk. The place in the queue is not among it, so it is void when anything changed. */
export function afterEvent(known: VisitStatus, event: RoomEvent): VisitStatus {
  const standing = standingOf(event)
  if (known === null || standing === null || standing.revision <= known.revision) return known
  const { conversation, room } = known
  const { desk, state, agent, revision, bot } = standing
  return { conversation, room, desk, state, agent, revision, ...(bot && agent !== null && { bot }) }
}

/** The same for a page of the room, of which the newest word counts. */
export function afterItems(known: VisitStatus, items: readonly TimelineItem[]): VisitStatus {
  const newest = items.findLast((item) => item.kind === 'notice' && standingOf(item.event) !== null)
  return newest?.kind === 'notice' ? afterEvent(known, newest.event) : known
}

const NAMES = new Set<string>(
  ['queued', 'assigned', 'transferred', 'held', 'resumed', 'closed', 'reopened'].map((name) => `conversation.${name}`),
)

function standingOf(event: RoomEvent): Standing | null {
  return NAMES.has(event.type) ? (event as unknown as Standing) : null
}
