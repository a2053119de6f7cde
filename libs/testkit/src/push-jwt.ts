import { type KeyObject, verify } from 'node:crypto'

export type Jwt = { readonly header: Record<string, unknown>; readonly claims: Record<string, unknown> }

/**
 * Reads a signed JWT; undefined when it is not one, has another algorithm or a signature that is not of this key. The
 * algorithm comes from the caller, never from the token.
 */
export function readJwt(text: string, key: KeyObject, algorithm: 'ES256' | 'RS256'): Jwt | undefined {
  const [header, claims, signature, ...rest] = text.split('.')
  if (header === undefined || claims === undefined || signature === undefined || rest.length > 0) return undefined
  const parsed = { header: parse(header), claims: parse(claims) }
  if (parsed.header === undefined || parsed.claims === undefined || parsed.header.alg !== algorithm) return undefined
  const signed = Buffer.from(`${header}.${claims}`)
  const bytes = Buffer.from(signature, 'base64url')
  const good =
    algorithm === 'ES256'
      ? verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)
      : verify('sha256', signed, key, bytes)
  return good ? { header: parsed.header, claims: parsed.claims } : undefined
}

function parse(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
