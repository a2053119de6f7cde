import { createHmac } from 'node:crypto'
import { SECRET_PREFIX, WEBHOOK_HEADERS } from '@switchboard/contracts/webhooks'

/** A delivery as it goes out. `seconds` since the epoch: when this attempt was made. */
export type SignedParts = { readonly id: string; readonly seconds: number; readonly body: string }

/** `v1,` and the HMAC-SHA256 of id, time and body, by the secret, in base64: the Standard Webhooks specification. */
export function signatureOf(secret: string, { id, seconds, body }: SignedParts): string {
  const key = Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`
}

/** One signature for each secret, with spaces in between: whoever receives takes it when one of them is right. */
export const webhookHeaders = (secrets: readonly string[], parts: SignedParts): Record<string, string> => ({
  'content-type': 'application/json',
  'user-agent': 'switchboard-webhooks',
  [WEBHOOK_HEADERS.id]: parts.id,
  [WEBHOOK_HEADERS.timestamp]: String(parts.seconds),
  [WEBHOOK_HEADERS.signature]: secrets.map((secret) => signatureOf(secret, parts)).join(' '),
})
