import type { DeskEvent, Standing } from '@switchboard/contracts/desk-events'
import type { ConversationChange } from '@switchboard/contracts/desks'
import type { HookRecord } from '@switchboard/contracts/records'
import type { WebhookTarget } from '@switchboard/contracts/webhook-queries'
import type { WebhookEvent } from '@switchboard/contracts/webhooks'
import type { Written } from './planner.ts'
import { pushId } from './push-id.ts'

/** What a change of a conversation is called outside; changes that are not here are told to nobody. */
const TOLD: Partial<Record<ConversationChange, WebhookEvent>> = {
  entered: 'conversation.entered',
  greeted: 'conversation.assigned',
  accepted: 'conversation.assigned',
  picked: 'conversation.assigned',
  taken: 'conversation.assigned',
  transferred: 'conversation.transferred',
  moved: 'conversation.transferred',
  received: 'conversation.transferred',
  requeued: 'conversation.queued',
  left: 'conversation.closed',
  closed: 'conversation.closed',
  reopened: 'conversation.reopened',
  rated: 'conversation.rated',
}

type Told = Pick<HookRecord, 'type' | 'event' | 'at' | 'due_at' | 'unseen'> & {
  readonly desk: string
  readonly conversation: string
  readonly data: object
}

/** The id of a delivery: the same for the same event and webhook, whoever plans it, however often. */
export const deliveryId = ({ event, type, hook }: Pick<HookRecord, 'event' | 'type' | 'hook'>): string =>
  pushId(`${event}:${type}`, hook)

/** The deliveries of something that happened: one for each webhook that wants to be told of it. */
function deliveriesOf(told: Told, targets: readonly WebhookTarget[]): HookRecord[] {
  const { desk, conversation, data, ...rest } = told
  const { type, event, at } = rest
  return targets
    .filter(({ events }) => events.includes(type))
    .map(({ hook }) => {
      const id = deliveryId({ event, type, hook })
      return { ...rest, hook, desk, body: JSON.stringify({ id, type, at, desk, conversation, data }) }
    })
}

/** Of an event of a desk. */
export function hooksOfDesk(desk: string, event: DeskEvent, targets: readonly WebhookTarget[]): HookRecord[] {
  if (event.type !== 'conversation.changed') return []
  const { at, change, conversation, details, rating, seq } = event
  const type = TOLD[change]
  if (type === undefined) return []
  const data = { conversation, ...(details && { details }), ...(rating && { rating }) }
  const told = { type, event: `${desk}:${seq}`, at, due_at: at, desk, conversation: conversation.conversation, data }
  return deliveriesOf(told, targets)
}

export type MessageOfConversation = Written & {
  readonly room: string
  readonly standing: Standing
  readonly fromName: string
  readonly delayMs: number
}

/** Of a message in a conversation; an answer is told once more if its visitor has not seen it by the time a push would be due. */
export function hooksOfMessage(message: MessageOfConversation, targets: readonly WebhookTarget[]): HookRecord[] {
  const { room, event, logSeq, standing, fromName, delayMs } = message
  const { desk, visitor, agent } = standing
  const { seq, at, from, text, files } = event
  const isVisitors = from === visitor
  const isBots = standing.bot === true && from === agent
  const by = isVisitors ? 'visitor' : isBots ? 'bot' : 'agent'
  const data = { seq, from, from_name: fromName, by, text, ...(files && { files }), visitor, agent }
  const isOffline = isVisitors && standing.offline === true && agent === null
  const all = { event: `${room}:${seq}`, at, desk, conversation: room, data }
  const said = deliveriesOf({ ...all, type: isOffline ? 'message.offline' : 'message', due_at: at }, targets)
  if (isVisitors) return said
  const unseen = { room, seq, log_seq: logSeq, user: visitor }
  return [...said, ...deliveriesOf({ ...all, type: 'message.unseen', due_at: at + delayMs, unseen }, targets)]
}
