import { createPrivateKey, sign } from 'node:crypto'

const MINT_AFTER_MS = 50 * 60_000
/** Apple refuses a new token sooner than this after the last. */
const MINT_INTERVAL_MS_MIN = 20 * 60_000

export type ProviderToken = {
  /** The token to send with now. */
  readonly current: () => string
  /** Apple called the token expired: mint another, unless one was minted less than 20 minutes ago. Says whether it did. */
  readonly renew: () => boolean
  /** Apple saw too many tokens: keep the present one for 20 minutes whatever its age. */
  readonly hold: () => void
  /** Age of the token in milliseconds; 0 before the first. */
  readonly ageMs: () => number
}

/** Keeps the ES256 token that authenticates us to APNs. `key` is the .p8 file's PEM. */
export function createProviderToken(options: {
  readonly key: string
  readonly keyId: string
  readonly teamId: string
  readonly now: () => number
}): ProviderToken {
  const key = createPrivateKey(options.key)
  let token: { readonly text: string; readonly mintedAt: number } | undefined
  let heldUntil = 0

  const mint = (): string => {
    const mintedAt = options.now()
    const text = mintToken({ key, keyId: options.keyId, teamId: options.teamId, issuedAtMs: mintedAt })
    token = { text, mintedAt }
    return text
  }
  // A negative age means that the clock was set back: Apple would refuse a token from the future.
  const tooSoon = (ageMs: number): boolean => ageMs >= 0 && ageMs < MINT_INTERVAL_MS_MIN
  const held = (): boolean => options.now() < heldUntil && heldUntil - options.now() <= MINT_INTERVAL_MS_MIN

  return {
    current: () => {
      if (token === undefined) return mint()
      const ageMs = options.now() - token.mintedAt
      const due = ageMs >= MINT_AFTER_MS || ageMs < 0
      return due && !held() ? mint() : token.text
    },
    renew: () => {
      if (token !== undefined && (held() || tooSoon(options.now() - token.mintedAt))) return false
      mint()
      return true
    },
    hold: () => {
      heldUntil = options.now() + MINT_INTERVAL_MS_MIN
    },
    ageMs: () => (token === undefined ? 0 : options.now() - token.mintedAt),
  }
}

function mintToken(options: {
  readonly key: ReturnType<typeof createPrivateKey>
  readonly keyId: string
  readonly teamId: string
  readonly issuedAtMs: number
}): string {
  const header = encode({ alg: 'ES256', kid: options.keyId })
  const claims = encode({ iss: options.teamId, iat: Math.floor(options.issuedAtMs / 1000) })
  const signature = sign('sha256', Buffer.from(`${header}.${claims}`), { key: options.key, dsaEncoding: 'ieee-p1363' })
  return `${header}.${claims}.${signature.toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
