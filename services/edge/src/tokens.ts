import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject } from 'node:crypto'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { isId } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import type { GlobalRole } from '@switchboard/contracts/records'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  errors,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
  SignJWT,
} from 'jose'

/** Who a token names. */
export interface Identity {
  readonly user: string
  readonly roles: readonly GlobalRole[]
  /** What they are called. */
  readonly name?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface TokenOptions {
  /** PEM of an Ed25519 private key; empty: this edge issues no tokens. */
  readonly privateKey: string
  /** PEM of public keys that signed earlier tokens. */
  readonly oldPublicKeys: readonly string[]
  readonly issuer: string
  readonly audience: string
  readonly seconds: number
  /** Another issuer whose tokens count as well; empty: none. */
  readonly external: { readonly jwksUrl: string; readonly issuer: string }
  readonly now: () => number
  readonly keysUnavailable: (error: unknown) => void
}

export interface Tokens {
  /** @returns who it is, `token_expired`, `unauthorized` for what is not ours, or `unavailable` while an issuer's keys cannot be read. */
  verify(token: string, options?: { evenExpired?: boolean }): Promise<Identity | Refusal>
  /** Null where this edge issues none. */
  issue(
    user: string,
    roles: readonly GlobalRole[],
    name?: string,
  ): Promise<{ token: string; expires_at: number }> | null
  /** With which the customer's own server signs who a visitor of this desk is; null where this edge issues no tokens. */
  deskSecret(desk: string): string | null
  /** The public keys, for whoever verifies our tokens. */
  readonly jwks: { readonly keys: readonly JWK[] }
}

const ROLES: readonly GlobalRole[] = ['admin', 'supervisor', 'agent', 'user', 'visitor', 'api']
const SECRET_BYTES = 32
const OWN_ALGORITHM = 'EdDSA'
/** Clocks of another issuer may be off by as much. */
const EXTERNAL_TOLERANCE_SECONDS = 5

async function publicJwk(key: KeyObject): Promise<JWK> {
  const jwk = key.export({ format: 'jwk' }) as JWK
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: OWN_ALGORITHM, use: 'sig' }
}

/** What is refused names the token; only its age is worth another try. */
function refusalOf(error: unknown, unavailable: (error: unknown) => void): Refusal {
  if (error instanceof errors.JWTExpired) return refuse('token_expired', { field: 'token' })
  // The keys of another issuer came too late or not in the shape of keys; anything else is about the token.
  const isAboutKeys = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid
  if (error instanceof errors.JOSEError && !isAboutKeys && error.code !== 'ERR_JOSE_GENERIC') {
    return refuse('unauthorized', { field: 'token' })
  }
  unavailable(error)
  return refuse('unavailable')
}

function identityOf({ sub, exp, roles, name }: JWTPayload & { roles?: unknown; name?: unknown }): Identity | Refusal {
  if (!isId(sub) || exp === undefined) return refuse('unauthorized', { field: 'token' })
  const known = Array.isArray(roles) ? ROLES.filter((role) => roles.includes(role)) : []
  const called = typeof name === 'string' && name !== '' && name.length <= MAX.nameChars ? { name } : {}
  return { user: sub, roles: known.length > 0 ? known : ['user'], ...called, expiresAt: exp * 1_000 }
}

/** @throws on keys that are no Ed25519 keys: settings are wrong. */
export async function createTokens(options: TokenOptions): Promise<Tokens> {
  const { audience, external, issuer, now } = options
  const privateKey = options.privateKey === '' ? null : createPrivateKey(options.privateKey)
  const own = privateKey ? [createPublicKey(privateKey)] : []
  const keys = await Promise.all([...own, ...options.oldPublicKeys.map((pem) => createPublicKey(pem))].map(publicJwk))
  const kid = keys[0]?.kid ?? ''
  const aimed = audience === '' ? {} : { audience }
  const checks: [string, JWTVerifyGetKey, JWTVerifyOptions][] = [
    [issuer, createLocalJWKSet({ keys }), { issuer, ...aimed, algorithms: [OWN_ALGORITHM] }],
  ]
  if (external.jwksUrl !== '') {
    const algorithms = ['EdDSA', 'ES256', 'RS256']
    const check = { issuer: external.issuer, ...aimed, algorithms, clockTolerance: EXTERNAL_TOLERANCE_SECONDS }
    checks.push([external.issuer, createRemoteJWKSet(new URL(external.jwksUrl)), check])
  }
  return {
    jwks: { keys },
    verify: async (token, { evenExpired = false } = {}) => {
      if (token.length > MAX.tokenBytes) return refuse('unauthorized', { field: 'token' })
      try {
        const claimed = decodeJwt(token).iss
        const check = checks.find(([each]) => each === claimed)
        if (!check) return refuse('unauthorized', { field: 'token' })
        const [, getKey, rules] = check
        const current = { currentDate: new Date(evenExpired ? 0 : now()), requiredClaims: ['exp', 'sub'] }
        const { payload } = await jwtVerify(token, getKey, { ...rules, ...current })
        return identityOf(payload)
      } catch (error) {
        return refusalOf(error, options.keysUnavailable)
      }
    },
    issue: (user, roles, name) =>
      privateKey ? issueToken({ ...options, privateKey, kid }, { user, roles, name }) : null,
    deskSecret: (desk) => {
      const key = privateKey?.export({ type: 'pkcs8', format: 'der' })
      return key ? Buffer.from(hkdfSync('sha256', key, desk, 'visitors of a desk', SECRET_BYTES)).toString('hex') : null
    },
  }
}

async function issueToken(
  {
    privateKey,
    kid,
    issuer,
    audience,
    seconds,
    now,
  }: Omit<TokenOptions, 'privateKey'> & {
    privateKey: KeyObject
    kid: string
  },
  { user, roles, name }: { user: string; roles: readonly GlobalRole[]; name: string | undefined },
) {
  const issuedAt = Math.floor(now() / 1_000)
  const expiresAt = issuedAt + seconds
  const unsigned = new SignJWT({ roles: [...roles], ...(name === undefined ? {} : { name }) })
    .setProtectedHeader({ alg: OWN_ALGORITHM, kid, typ: 'JWT' })
    .setIssuer(issuer)
    .setSubject(user)
    .setIssuedAt(issuedAt)
    .setExpirationTime(expiresAt)
  if (audience !== '') unsigned.setAudience(audience)
  return { token: await unsigned.sign(privateKey), expires_at: expiresAt * 1_000 }
}
