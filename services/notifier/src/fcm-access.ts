import { createPrivateKey, sign } from 'node:crypto'

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const ASSERTION_SECONDS = 3600
const REFRESH_EARLY_MS = 5 * 60_000
/** After a failed exchange nobody asks again for this long: a burst of pushes must not become a burst of log-ins. */
const FAILURE_PAUSE_MS = 1_000

/** The parts of a Google service account file that are used. */
export type ServiceAccount = {
  readonly project_id: string
  readonly client_email: string
  readonly private_key: string
  readonly private_key_id: string
  readonly token_uri: string
}

/** What the exchange of an assertion for a token gave. */
export type Exchange =
  | { readonly kind: 'granted'; readonly token: string; readonly expiresInMs: number }
  /** Google knows who we are and says no: a person has to act. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly afterMs: number }

export type FcmAccess = {
  /** The bearer to send with: kept until five minutes before its end, and fetched once however many ask. */
  readonly bearer: () => Promise<Exchange>
  /** FCM refused this bearer: forget it, unless a newer one is already here. */
  readonly reject: (token: string) => void
}

/** Parses a service account file; says which field is missing. */
export function readServiceAccount(text: string): ServiceAccount {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) throw new TypeError('the service account is not a JSON object')
  const record = value as Record<string, unknown>
  const field = (name: keyof ServiceAccount): string => {
    const found = record[name]
    if (typeof found !== 'string' || found === '') throw new TypeError(`the service account has no ${name}`)
    return found
  }
  return {
    project_id: field('project_id'),
    client_email: field('client_email'),
    private_key: field('private_key'),
    private_key_id: field('private_key_id'),
    token_uri: field('token_uri'),
  }
}

/** The parser's own complaint quotes the text, which is a secret. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function createFcmAccess(options: {
  readonly account: ServiceAccount
  readonly exchange: (assertion: string) => Promise<Exchange>
  readonly now: () => number
}): FcmAccess {
  const { account, exchange, now } = options
  const key = createPrivateKey(account.private_key)
  let kept: { readonly granted: Extract<Exchange, { kind: 'granted' }>; readonly refreshAt: number } | undefined
  let failed: { readonly answer: Exchange; readonly until: number } | undefined
  let pending: Promise<Exchange> | undefined

  const fetchBearer = async (): Promise<Exchange> => {
    const answer = await exchange(mintAssertion({ account, key, issuedAtMs: now() }))
    if (answer.kind === 'granted') {
      kept = { granted: answer, refreshAt: now() + Math.max(0, answer.expiresInMs - REFRESH_EARLY_MS) }
      failed = undefined
    } else {
      failed = { answer, until: now() + FAILURE_PAUSE_MS }
    }
    return answer
  }

  return {
    bearer: async () => {
      if (kept !== undefined && now() < kept.refreshAt) return kept.granted
      if (failed !== undefined && now() < failed.until) return failed.answer
      pending ??= fetchBearer().finally(() => {
        pending = undefined
      })
      return await pending
    },
    reject: (token) => {
      if (kept?.granted.token === token) kept = undefined
    },
  }
}

function mintAssertion(options: {
  readonly account: ServiceAccount
  readonly key: ReturnType<typeof createPrivateKey>
  readonly issuedAtMs: number
}): string {
  const iat = Math.floor(options.issuedAtMs / 1000)
  const header = encode({ alg: 'RS256', typ: 'JWT', kid: options.account.private_key_id })
  const claims = encode({
    iss: options.account.client_email,
    scope: SCOPE,
    aud: options.account.token_uri,
    iat,
    exp: iat + ASSERTION_SECONDS,
  })
  const signature = sign('sha256', Buffer.from(`${header}.${claims}`), options.key)
  return `${header}.${claims}.${signature.toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
