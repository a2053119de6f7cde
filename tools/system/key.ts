import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A new key for signing tokens: Ed25519 in PKCS #8, PEM. */
export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** The key of this data directory, made at the first start: tokens stay good over restarts. */
export function signingKeyOf(dataDir: string): string {
  const path = join(dataDir, 'jwt-private-key.pem')
  if (!existsSync(path)) writeFileSync(path, newSigningKey(), { mode: 0o600 })
  return readFileSync(path, 'utf8')
}

/** The key of this data directory with which servers and administrators' scripts ask the API. */
export function apiKeyOf(dataDir: string): string {
  const path = join(dataDir, 'api-key')
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('base64url'), { mode: 0o600 })
  return readFileSync(path, 'utf8').trim()
}
