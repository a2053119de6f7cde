/**
 * channel    webpush (HTTP to the push service of a browser)
 * comes      pushes for browsers
 * goes       POST to the subscription's endpoint, encrypted for the browser (RFC 8291), signed by VAPID (RFC 8292)
 * guarantee  one attempt, at most one more at once with a shorter payload; the outcome says what is known
 * order      none; a newer push of the same room replaces the older one (Topic)
 * acked      by the push service's 201, which means stored, not shown
 */
import { createECDH, randomBytes } from 'node:crypto'
import { lookup } from 'node:dns'
import { Pool } from 'undici'
import { retryAfterMs } from './back-off.ts'
import { OriginPools } from './origin-pools.ts'
import type { Attempt, Outcome, PushRequest, PushSender, Verdict, WebpushDevice } from './outcome.ts'
import { publicOnly } from './public-address.ts'
import { collapseId } from './push-id.ts'
import { type PayloadSize, ttlSeconds, webpushPayload } from './push-payload.ts'
import { lostVerdict, transmit } from './transmit.ts'
import { deadlinesOf, transportOptions } from './transport-options.ts'
import { createVapid } from './vapid.ts'
import { readSubscription, type WebSubscription } from './web-subscription.ts'
import { encryptWebpush } from './webpush-encrypt.ts'
import { webpushVerdict } from './webpush-outcome.ts'

export type WebpushOptions = {
  readonly publicKey: string
  readonly privateKey: string
  /** A mailto: or https: address. */
  readonly subject: string
  /** Hosts that may be sent to: see `readSubscription`. */
  readonly hosts: readonly string[]
  readonly ca: readonly string[]
  readonly now: () => number
  readonly random: () => number
  readonly headersMsMax?: number
}

/** Sends to browsers. Never follows a redirect, and never connects to an address that is not public. */
export function toWebpush(options: WebpushOptions): PushSender<WebpushDevice> {
  const vapid = createVapid(options)
  const pools = new OriginPools<Pool>()

  const once = async (
    push: PushRequest<WebpushDevice>,
    subscription: WebSubscription,
    size: PayloadSize,
  ): Promise<Verdict> => {
    const attempt: Attempt = { attempt: push.attempt, random: options.random(), startedAtMs: options.now() }
    const { endpoint } = subscription
    const answer = await transmit(
      pools.get(endpoint.origin, () => openPool(endpoint.origin, subscription.trusted, options)),
      endpoint.origin,
      {
        path: endpoint.pathname + endpoint.search,
        headers: {
          ttl: String(ttlSeconds(push.expiresAt, options.now())),
          urgency: 'high',
          topic: collapseId(push.room),
          'content-type': 'application/octet-stream',
          'content-encoding': 'aes128gcm',
          authorization: vapid.authorization(endpoint.origin),
        },
        body: encrypt(webpushPayload(push, size), subscription),
        ...deadlinesOf('push'),
      },
    )
    if (answer.kind === 'lost') return lostVerdict(answer, attempt)
    const after = retryAfterMs(answer.headers['retry-after'], options.now())
    const { location } = answer.headers
    return webpushVerdict(
      {
        status: answer.status,
        ...(after === undefined ? {} : { retryAfterMs: after }),
        ...(location === undefined ? {} : { location }),
      },
      attempt,
    )
  }

  return {
    send: async (push): Promise<Outcome> => {
      const subscription = readSubscription(push.device.target, options.hosts)
      if ('refused' in subscription) return { kind: 'disable-device', reason: subscription.refused }
      const verdict = await once(push, subscription, 'full')
      return verdict.remedy === 'shrink' ? (await once(push, subscription, 'id-only')).outcome : verdict.outcome
    },
    [Symbol.asyncDispose]: () => pools[Symbol.asyncDispose](),
  }
}

function openPool(origin: string, trusted: boolean, options: WebpushOptions): Pool {
  return new Pool(origin, transportOptions(trusted ? options : { ...options, lookup: publicOnly(lookup) }))
}

function encrypt(plaintext: string, subscription: WebSubscription): Buffer {
  const sender = createECDH('prime256v1')
  sender.generateKeys()
  return encryptWebpush({
    plaintext: Buffer.from(plaintext),
    receiverKey: subscription.receiverKey,
    authSecret: subscription.authSecret,
    senderPrivateKey: pad32(sender.getPrivateKey()),
    salt: randomBytes(16),
  })
}

/** OpenSSL leaves out leading zeros. */
function pad32(key: Buffer): Buffer {
  return key.length === 32 ? key : Buffer.concat([Buffer.alloc(32 - key.length), key])
}
