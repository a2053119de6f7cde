/**
 * channel    queries (NATS request and reply)
 * comes      the planner's questions who may be told, and by which webhooks; a provider's word that a device is gone
 * goes       storage
 * guarantee  answered, or refused after five seconds: then whoever asked tries again
 * order      none
 * acked      by the answer
 */
import { askStorage } from '@switchboard/bus/ask'
import type { Bus } from '@switchboard/bus/connect'
import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import type { StorageQueries } from '@switchboard/contracts/queries'

export type RecipientsPage = StorageQueries['push.recipients']['answer']

export type Queries = {
  /** Pages of the members of a room, except one, until there are no more or a page is refused. */
  readonly recipients: (room: string, except: string) => AsyncGenerator<RecipientsPage | Refusal>
  /** The webhooks that are told of a desk. */
  readonly webhooks: (desk: string) => Promise<StorageQueries['webhook.targets']['answer'] | Refusal>
  /** Forgets a device that was registered before a moment (milliseconds since the epoch). */
  readonly forget: (ask: StorageQueries['device.forget']['ask']) => Promise<{ forgotten: boolean } | Refusal>
}

export function toQueries(bus: Bus): Queries {
  return {
    recipients: async function* (room, except) {
      let after: string | undefined
      for (;;) {
        const page = await askStorage(
          bus,
          'push.recipients',
          after === undefined ? { room, except } : { room, except, after },
        )
        yield page
        if (isRefusal(page) || !page.more) return
        after = page.recipients.at(-1)?.user
        // A page that promises more and holds nobody cannot be followed.
        if (after === undefined) return
      }
    },
    webhooks: (desk) => askStorage(bus, 'webhook.targets', { desk }),
    forget: (question) => askStorage(bus, 'device.forget', question),
  }
}
