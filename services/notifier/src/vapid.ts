import { createPrivateKey, sign } from 'node:crypto'

const TOKEN_SECONDS = 24 * 3600 - 600
const REUSE_MS = 12 * 3600_000
/** Push services are few; past this the oldest origin's token is made again when it is needed. */
const ORIGINS_MAX = 64

export type Vapid = {
  /** The Authorization header for a push service's origin (RFC 8292). */
  readonly authorization: (origin: string) => string
}

/**
 * Signs for Web Push. Keys are base64url: the public one an uncompressed P-256 point (65 bytes), the private one its
 * scalar (32 bytes). `subject` is a mailto: or https: address that the push service may complain to.
 */
export function createVapid(options: {
  readonly publicKey: string
  readonly privateKey: string
  readonly subject: string
  readonly now: () => number
}): Vapid {
  const point = Buffer.from(options.publicKey, 'base64url')
  if (point.length !== 65 || point[0] !== 4)
    throw new TypeError('the VAPID public key is not an uncompressed P-256 point')
  const key = createPrivateKey({
    format: 'jwk',
    key: {
      kty: 'EC',
      crv: 'P-256',
      // Some tools leave out leading zeros.
      d: Buffer.concat([Buffer.alloc(32), Buffer.from(options.privateKey, 'base64url')])
        .subarray(-32)
        .toString('base64url'),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  })
  const kept = new Map<string, { readonly header: string; readonly mintedAt: number }>()

  return {
    authorization: (origin) => {
      const now = options.now()
      const found = kept.get(origin)
      if (found !== undefined && now >= found.mintedAt && now - found.mintedAt < REUSE_MS) return found.header
      const exp = Math.floor(now / 1000) + TOKEN_SECONDS
      const header = encode({ typ: 'JWT', alg: 'ES256' })
      const claims = encode({ aud: origin, exp, sub: options.subject })
      const signature = sign('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' })
      const value = `vapid t=${header}.${claims}.${signature.toString('base64url')}, k=${options.publicKey}`
      kept.delete(origin)
      kept.set(origin, { header: value, mintedAt: now })
      const oldest = kept.keys().next()
      if (kept.size > ORIGINS_MAX && !oldest.done) kept.delete(oldest.value)
      return value
    },
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
