import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { WebhookTarget } from '@switchboard/contracts/webhook-queries'
import { BoundedMap } from './bounded-map.ts'

export type KnownHooks = {
  /** The webhooks that are told of a desk, as of a few seconds ago at most. */
  readonly of: (desk: string) => Promise<readonly WebhookTarget[] | Refusal>
  /** When a webhook was changed last, as far as is known. */
  readonly changedAt: (hook: string) => number
}

type Kept = { readonly at: number; readonly webhooks: Promise<readonly WebhookTarget[] | Refusal> }

/** Asks which webhooks a desk has, and not again for a moment: every event of every conversation needs to know. */
export function knownHooks(options: {
  readonly targets: (desk: string) => Promise<{ webhooks: readonly WebhookTarget[] } | Refusal>
  readonly now: () => number
}): KnownHooks {
  const { targets, now } = options
  const kept = new BoundedMap<string, Kept>(MAX.desks)
  const changed = new BoundedMap<string, number>(MAX.desks * MAX.webhooks)
  const ask = async (desk: string): Promise<readonly WebhookTarget[] | Refusal> => {
    const answer = await targets(desk)
    if (isRefusal(answer)) {
      kept.delete(desk)
      return answer
    }
    for (const { hook, changed_at } of answer.webhooks) changed.set(hook, changed_at)
    return answer.webhooks
  }
  return {
    of: (desk) => {
      const known = kept.get(desk)
      if (known && now() - known.at < MAX.webhookKnownMs) return known.webhooks
      const webhooks = ask(desk)
      kept.set(desk, { at: now(), webhooks })
      return webhooks
    },
    changedAt: (hook) => changed.get(hook) ?? 0,
  }
}
