import type { StorageHandlers } from '@switchboard/bus/ask'
import { refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { Webhook } from '@switchboard/contracts/webhooks'
import type { WebhookDocument } from './documents.ts'
import { exactly } from './mongo-connect.ts'
import type { Sources } from './room-view.ts'

type Handlers = Pick<StorageHandlers, `webhook.${'put' | 'remove' | 'list' | 'targets'}`>

const HOUR_MS = 3_600_000
/** A desk has so many, and all desks together as many again. */
const LISTED_MAX = MAX.webhooks * 2

/** Endpoints of customers' own servers. Who may name them is for the edge to say. */
export function webhookQueries({ collections, nowMs }: Sources): Handlers {
  const { webhooks } = collections
  const ofDesk = (desk: string | null) => ({ desk: desk === null ? null : exactly(desk) })
  const toldOf = (desk: string | undefined): Promise<WebhookDocument[]> => {
    const which = desk === undefined ? ofDesk(null) : { $or: [ofDesk(desk), ofDesk(null)] }
    return webhooks
      .find(which, { limit: LISTED_MAX, batchSize: LISTED_MAX + 1 })
      .sort({ _id: 1 })
      .toArray()
  }
  return {
    'webhook.put': async ({ hook, url, desk, events, secret, rotate }) => {
      const _id = exactly(hook)
      const before = await webhooks.findOne({ _id })
      if (before?.desk !== desk && (await webhooks.countDocuments(ofDesk(desk))) >= MAX.webhooks)
        return refuse('limit_exceeded', { field: 'hook', message: `at most ${MAX.webhooks} of one desk, or of all` })
      const until = nowMs() + MAX.webhookSecretHours * HOUR_MS
      // Whoever receives has until then to learn the new one.
      const rotated = { secret, ...(before && { former: { secret: before.secret, until } }) }
      const $set = { url, desk, events, changed_at: nowMs(), ...(rotate && rotated) }
      const more = rotate ? {} : { $setOnInsert: { secret } }
      await webhooks.updateOne({ _id }, { $set, ...more }, { upsert: true })
      const stored = await webhooks.findOne({ _id })
      if (!stored) return refuse('conflict', { field: 'hook', message: 'It was taken away in this moment.' })
      const made = before === null
      return { webhook: shown(stored), made, ...((made || rotate) && { secret: stored.secret }) }
    },
    'webhook.remove': async ({ hook }) => {
      const { deletedCount } = await webhooks.deleteOne({ _id: exactly(hook) })
      return { removed: deletedCount > 0 }
    },
    'webhook.list': async ({ desk }) => ({ webhooks: (await toldOf(desk)).map(shown) }),
    'webhook.targets': async ({ desk }) => ({
      webhooks: (await toldOf(desk)).map((webhook) => ({ ...shown(webhook), secrets: secretsOf(webhook, nowMs()) })),
    }),
  }
}

const secretsOf = ({ secret, former }: WebhookDocument, now: number): string[] =>
  former && former.until > now ? [secret, former.secret] : [secret]

const shown = ({ _id: hook, url, desk, events, changed_at }: WebhookDocument): Webhook => ({
  ...{ hook, url, desk, changed_at },
  events: [...events],
})
