/**
 * channel    queries (NATS request and reply)
 * comes      the planner's questions who may be told, and by which webhooks; a provider's word that a device is gone
 * goes       storage
 * guarantee  answered, or refused after five seconds: then whoever asked tries again
 * order      none
 * acked      by the answer
 */
import { askStorage } from '@switchboard/bus/ask'
import { askTogether } from '@switchboard/bus/ask-together'
import type { Bus } from '@switchboard/bus/connect'
import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import type { RecipientsAsk, RecipientsPage } from '@switchboard/contracts/push-queries'
import type { StorageQueries } from '@switchboard/contracts/queries'
import { pause } from '@switchboard/runtime/deadline'
import { inSpan, type Span } from '@switchboard/runtime/tracing'

/** Between two questions who may be told. A push waits for three seconds anyway, and a database reads a hundred rooms for little more than one. */
const RECIPIENTS_EVERY_MS = 500
/** Of one question who may be told: a room, or somebody who is named, counts one. At 64 characters a name that is 700 KB, of the 1 MiB of a NATS message. */
const RECIPIENTS_WEIGHT_MAX = 10_000
const ROOM_WEIGHT = 25

type Asked = { readonly room: RecipientsAsk; readonly cause: Span | undefined }

export type Queries = {
  /** Pages of who may be told of messages in a room, until there are no more or a page is refused. Many rooms are asked about together. */
  readonly recipients: (ask: RecipientsAsk, cause?: Span) => AsyncGenerator<RecipientsPage | Refusal>
  /** The webhooks that are told of a desk. */
  readonly webhooks: (desk: string) => Promise<StorageQueries['webhook.targets']['answer'] | Refusal>
  /** Forgets a device that was registered before a moment (milliseconds since the epoch). */
  readonly forget: (ask: StorageQueries['device.forget']['ask']) => Promise<{ forgotten: boolean } | Refusal>
}

export function toQueries(bus: Bus): Queries {
  const page = askTogether<Asked, RecipientsPage>({
    // What is asked for all of them is shown at the first that is traced.
    ask: (asked) =>
      inSpan(asked.find(({ cause }) => cause)?.cause, async () => {
        const answer = await askStorage(bus, 'push.recipients', { rooms: asked.map(({ room }) => room) })
        return isRefusal(answer) ? answer : answer.pages
      }),
    weigh: ({ room: { authors, mentions } }) => ROOM_WEIGHT + authors.length + mentions.length,
    weightMax: RECIPIENTS_WEIGHT_MAX,
    atOnceMax: 1,
    everyMs: RECIPIENTS_EVERY_MS,
    pause,
  })
  return {
    recipients: async function* (ask, cause) {
      let after: string | undefined
      for (;;) {
        const answer = await page({ room: after === undefined ? ask : { ...ask, after }, cause })
        yield answer
        if (isRefusal(answer) || !answer.more) return
        after = answer.recipients.at(-1)?.user
        // A page that promises more and holds nobody cannot be followed.
        if (after === undefined) return
      }
    },
    webhooks: (desk) => askStorage(bus, 'webhook.targets', { desk }),
    forget: (question) => askStorage(bus, 'device.forget', question),
  }
}
