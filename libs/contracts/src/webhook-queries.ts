import type { Query } from './queries.ts'
import type { Webhook, WebhookEvent } from './webhooks.ts'

/** An endpoint, with what its deliveries are signed with: the secret that counts, and for a while the one before it. */
export type WebhookTarget = Webhook & { readonly secrets: readonly string[] }

/** Questions to storage about the endpoints of customers' own servers. */
export interface WebhookQueries {
  /** `secret` counts where there is none yet, and with `rotate`; the answer has the one that counts from now on. */
  'webhook.put': Query<
    {
      hook: string
      url: string
      desk: string | null
      events: readonly WebhookEvent[]
      secret: string
      rotate: boolean
    },
    { webhook: Webhook; secret?: string; made: boolean }
  >
  'webhook.remove': Query<{ hook: string }, { removed: boolean }>
  /** Those of all desks; with a desk, its own as well. */
  'webhook.list': Query<{ desk?: string }, { webhooks: Webhook[] }>
  /** The same of a desk, for who sends. */
  'webhook.targets': Query<{ desk: string }, { webhooks: WebhookTarget[] }>
}
