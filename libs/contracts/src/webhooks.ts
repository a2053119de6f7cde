import Type, { type Static } from 'typebox'
import { DeskId } from './ids.ts'
import { MAX } from './limits.ts'
import { object } from './method.ts'

/** What an endpoint of a customer's own server may be told. */
export const WEBHOOK_EVENTS = [
  'conversation.entered',
  'conversation.assigned',
  'conversation.transferred',
  'conversation.queued',
  'conversation.closed',
  'conversation.reopened',
  'conversation.rated',
  'message',
  'message.offline',
  'message.unseen',
] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

const WebhookEvent = Type.Unsafe<WebhookEvent>(
  Type.Union(
    WEBHOOK_EVENTS.map((name) => Type.Literal(name)),
    {
      description:
        'message.offline: a visitor wrote where nobody is there. message.unseen: an answer that its visitor has not seen, and is not there to see',
    },
  ),
)

export const WebhookId = Type.String({
  pattern: '^[A-Za-z0-9_-]{1,64}$',
  description: 'Id of a webhook, as you name it',
})
const Url = Type.String({ pattern: '^https?://', maxLength: MAX.webhookUrlChars })
const Events = Type.Array(WebhookEvent, { minItems: 1, maxItems: WEBHOOK_EVENTS.length, uniqueItems: true })

export const WebhookParams = object({ hook: WebhookId })
export const WebhookQuery = object({ desk: Type.Optional(DeskId) })
export const WebhookBody = object({
  url: Url,
  desk: Type.Optional(DeskId),
  events: Type.Optional(Events),
  rotate: Type.Optional(Type.Boolean({ description: 'Makes another secret' })),
})
export type WebhookBody = Static<typeof WebhookBody>

/** An endpoint, as anybody may see it who administers. */
export const Webhook = Type.Object({
  hook: WebhookId,
  url: Url,
  desk: Type.Union([DeskId, Type.Null()], { description: 'null: every desk' }),
  events: Events,
  changed_at: Type.Integer({ description: 'Milliseconds since the epoch' }),
})
export type Webhook = Static<typeof Webhook>

export const WebhookReply = Type.Object({
  ...Webhook.properties,
  secret: Type.Optional(Type.String({ description: 'Shown once: when it was made, and with `rotate`' })),
})
export const WebhookList = Type.Object({ webhooks: Type.Array(Webhook) })

/** Names of the headers of a delivery, as the Standard Webhooks specification has them. */
export const WEBHOOK_HEADERS = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const
/** What a secret begins with; the rest is base64. */
export const SECRET_PREFIX = 'whsec_'
