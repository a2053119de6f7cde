import { createHash } from 'node:crypto'

/** The same UUID for the same event and device, at every retry and from every pod (RFC 9562, version 8). */
export function pushId(event: string, device: string): string {
  const hash = createHash('sha256').update(`${event.length}:${event}${device}`).digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x80
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  const hex = hash.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')
}

/**
 * Names a room to a provider, so that a newer push replaces the older one on the screen. 32 characters of base64url:
 * within Apple's 64 bytes and exactly Web Push's 32.
 */
export function collapseId(room: string): string {
  return createHash('sha256').update(room).digest('base64url').slice(0, 32)
}
