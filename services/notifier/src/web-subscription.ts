import { ECDH } from 'node:crypto'
import { isIP } from 'node:net'
import type { WebpushDevice } from './outcome.ts'

/** A browser's push subscription, checked. Keys are raw bytes. */
export type WebSubscription = {
  readonly endpoint: URL
  readonly receiverKey: Buffer
  readonly authSecret: Buffer
  /** True where the operator named this very host and port: the only case in which a private address is allowed. */
  readonly trusted: boolean
}

export type SubscriptionRefusal =
  | 'bad-url'
  | 'not-https'
  | 'has-credentials'
  | 'bad-port'
  | 'host-not-allowed'
  | 'bad-keys'

/** The push services of the browsers there are. An entry with a leading dot stands for every host below it. */
export const webpushHostsDefault = [
  'fcm.googleapis.com',
  '.push.services.mozilla.com',
  '.push.apple.com',
  '.notify.windows.com',
]

/**
 * Reads what a browser gave its page (`PushSubscription.toJSON()`). The endpoint comes from outside and we are
 * going to connect to it, so it must be https, without credentials, on port 443, at a host on the list. `hosts` may also
 * hold `host:port`, which allows exactly that, wherever it is.
 */
export function readSubscription(
  target: WebpushDevice['target'],
  hosts: readonly string[],
): WebSubscription | { readonly refused: SubscriptionRefusal } {
  const checked = checkEndpoint(target.endpoint, hosts)
  if (typeof checked === 'string') return { refused: checked }
  const receiverKey = Buffer.from(target.keys.p256dh, 'base64url')
  const authSecret = Buffer.from(target.keys.auth, 'base64url')
  if (!isPoint(receiverKey) || authSecret.length !== 16) return { refused: 'bad-keys' }
  return { endpoint: checked.url, trusted: checked.trusted, receiverKey, authSecret }
}

function checkEndpoint(
  endpoint: string,
  hosts: readonly string[],
): { readonly url: URL; readonly trusted: boolean } | SubscriptionRefusal {
  if (!URL.canParse(endpoint)) return 'bad-url'
  const url = new URL(endpoint)
  if (url.protocol !== 'https:') return 'not-https'
  if (url.username !== '' || url.password !== '') return 'has-credentials'
  if (hosts.includes(`${url.hostname}:${url.port || '443'}`)) return { url, trusted: true }
  if (url.port !== '') return 'bad-port'
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return 'host-not-allowed'
  const allowed = hosts.some((host) => (host.startsWith('.') ? url.hostname.endsWith(host) : url.hostname === host))
  return allowed ? { url, trusted: false } : 'host-not-allowed'
}

/** An uncompressed point that is on the curve: any other would fail, or leak, in the key agreement. */
function isPoint(key: Buffer): boolean {
  if (key.length !== 65 || key[0] !== 4) return false
  try {
    ECDH.convertKey(key, 'prime256v1')
    return true
  } catch {
    return false
  }
}
