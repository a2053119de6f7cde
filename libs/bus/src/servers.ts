/** Where NATS is and as whom, in the words of its library, which takes no credentials in an address. */
export interface Servers {
  readonly servers: string[]
  readonly user?: string
  readonly pass?: string
  readonly token?: string
}

/**
 * Reads `nats://user:password@host:4222,nats://other:4222`, or `nats://token@host`. Credentials count for all servers, wherever
 * they stand; what is special in a URL is percent-encoded there.
 */
export function serversOf(urls: string): Servers {
  const all = urls.split(',').map((url) => url.trim())
  const servers = all.map((url) => url.replace(/\/\/[^@/]*@/, '//'))
  const { username = '', password = '' } = all.map((url) => new URL(url)).find((url) => url.username !== '') ?? {}
  if (username === '') return { servers }
  const name = decodeURIComponent(username)
  return password === '' ? { servers, token: name } : { servers, user: name, pass: decodeURIComponent(password) }
}
