/**
 * channel    webhooks (HTTP to a customer's own server)
 * comes      events of desks for one endpoint
 * goes       POST to its address, signed by its secrets as the Standard Webhooks specification says
 * guarantee  one attempt; at each later one the same id
 * order      none; what is told carries the seq of its event
 * acked      by any answer of 200 to 299
 */
import { lookup } from 'node:dns'
import { readWebhookUrl } from '@switchboard/domain/webhook-url'
import { Pool } from 'undici'
import { retryAfterMs } from './back-off.ts'
import { OriginPools } from './origin-pools.ts'
import type { Outcome } from './outcome.ts'
import { publicOnly } from './public-address.ts'
import { transmit } from './transmit.ts'
import { deadlinesOf, transportOptions } from './transport-options.ts'
import { webhookOutcome } from './webhook-outcome.ts'
import { webhookHeaders } from './webhook-signature.ts'

export type HookRequest = {
  readonly url: string
  readonly secrets: readonly string[]
  /** The same at every try. */
  readonly id: string
  readonly body: string
  /** 0 at the first try. */
  readonly attempt: number
}

export type WebhooksOptions = {
  /** See `readWebhookUrl`. */
  readonly hosts: readonly string[]
  readonly ca: readonly string[]
  readonly now: () => number
  readonly random: () => number
}

export type WebhookSender = { readonly send: (hook: HookRequest) => Promise<Outcome> } & AsyncDisposable

/** Never follows a redirect, and never connects to an address that is not public, unless the operator named it. */
export function toWebhooks(options: WebhooksOptions): WebhookSender {
  const { hosts, now, random } = options
  const pools = new OriginPools<Pool>()
  return {
    send: async ({ url: address, secrets, id, body, attempt }) => {
      const target = readWebhookUrl(address, hosts)
      // The setting has changed since it was named.
      if ('refused' in target) return { kind: 'disable-device', reason: target.refused }
      const { url, trusted } = target
      const open = () =>
        new Pool(url.origin, transportOptions(trusted ? options : { ...options, lookup: publicOnly(lookup) }))
      const startedAtMs = now()
      const answer = await transmit(pools.get(url.origin, open), url.origin, {
        path: url.pathname + url.search,
        headers: webhookHeaders(secrets, { id, seconds: Math.floor(startedAtMs / 1_000), body }),
        body,
        ...deadlinesOf('plain'),
      })
      const after = answer.kind === 'answer' ? retryAfterMs(answer.headers['retry-after'], now()) : undefined
      return webhookOutcome(answer, { attempt, random: random(), startedAtMs, retryAfterMs: after })
    },
    [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
  }
}
