import { isIP } from 'node:net'

export type WebhookTarget = {
  readonly url: URL
  /** True where the operator named this very host and port: the only case in which http or a private address is allowed. */
  readonly trusted: boolean
}

/**
 * Where a webhook may go. We are going to connect to an address that comes from outside: so it must be https, without credentials,
 * at a name and not at a number. `hosts` holds `host:port`, which allows exactly that, wherever it is. Pure.
 */
export function readWebhookUrl(
  address: string,
  hosts: readonly string[],
): WebhookTarget | { readonly refused: string } {
  if (!URL.canParse(address)) return { refused: 'is no address' }
  const url = new URL(address)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { refused: 'must be https' }
  if (url.username !== '' || url.password !== '') return { refused: 'must not hold credentials' }
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (hosts.includes(`${url.hostname}:${port}`)) return { url, trusted: true }
  if (url.protocol !== 'https:') return { refused: 'must be https' }
  if (isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return { refused: 'must be at a name, not at a number' }
  return { url, trusted: false }
}
