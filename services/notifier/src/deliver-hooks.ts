import { isRefusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { HookRecord } from '@switchboard/contracts/records'
import { Deliverer, type DeliverOptions } from './deliver.ts'
import type { KnownHooks } from './known-hooks.ts'
import { deliveryId } from './plan-hooks.ts'
import type { WebhookSender } from './to-webhooks.ts'

type Unseen = NonNullable<HookRecord['unseen']>

export type HookOptions = Omit<DeliverOptions<HookRecord>, 'matter'> & {
  readonly known: KnownHooks
  readonly isLooking: (user: string) => boolean
  /** The newest seq that the visitor has read, or written below. */
  readonly readSeq: (record: Unseen) => Promise<number>
  readonly send: WebhookSender['send']
}

/**
 * Delivers to webhooks. Whoever receives knows a delivery again by its id, so in doubt it is sent once more. The address and the
 * secret are those of now: what was taken away or moved meanwhile is not sent to where it was.
 */
export function hookDeliverer(options: HookOptions): Deliverer<HookRecord> {
  const { isLooking, known, readSeq, send } = options
  const targetOf = async ({ desk, hook }: HookRecord) => {
    const all = await known.of(desk)
    return isRefusal(all) ? all : all.find((one) => one.hook === hook)
  }
  return new Deliverer<HookRecord>({
    ...options,
    matter: {
      keyOf: ({ event, type, hook }) => `hook.${deliveryId({ event, type, hook })}`,
      lineOf: ({ hook }) => hook,
      registeredAt: ({ hook }) => known.changedAt(hook),
      circuitOf: ({ hook }) => hook,
      nothingToSay: async (record) => {
        const target = await targetOf(record)
        if (isRefusal(target)) return 'cannot-tell'
        if (target === undefined) return 'disabled'
        const { unseen } = record
        if (unseen === undefined) return undefined
        if (isLooking(unseen.user)) return 'looking'
        return (await readSeq(unseen)) >= unseen.seq ? 'already-read' : undefined
      },
      send: async (record, attempt) => {
        const target = await targetOf(record)
        if (target === undefined || isRefusal(target))
          return { kind: 'retry', afterMs: 1_000, safe: true, scope: 'push', reason: 'not known in this moment' }
        const { url, secrets } = target
        return send({ url, secrets, id: deliveryId(record), body: record.body, attempt })
      },
      // None of its outcomes says so: a webhook that is gone is kept, with what its administrator wrote.
      forget: async () => {},
      isRepeatable: true,
      waitingMax: MAX.webhookWaiting,
    },
  })
}
