import { createHash } from 'node:crypto'

const UUID_V7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** How far a client's clock may be off for its cid to be believed without asking the database. */
export const CLOCK_SKEW_MS_MAX = 300_000

/** When a UUIDv7 was made, by the clock of whoever made it: milliseconds since the epoch. Null for any other cid. */
export function cidTime(cid: string): number | null {
  const match = UUID_V7.exec(cid)
  return match ? Number.parseInt(`${match[1]}${match[2]}`, 16) : null
}

/**
 * Whether a cid cannot have been used before `sinceMs`: then what is in memory answers for it, and the database need not be
 * asked. A cid from the future is never believed, as it would go on being "new" for that long.
 */
export function isNewerThan(cid: string, sinceMs: number, nowMs: number): boolean {
  const made = cidTime(cid)
  return made !== null && made > sinceMs + CLOCK_SKEW_MS_MAX && made <= nowMs + CLOCK_SKEW_MS_MAX
}

/** A UUIDv7 of this moment whose other digits follow from `text`: the cheapest cid to check, and the same for the same cause. */
export function cidOf(nowMs: number, text: string): string {
  const time = nowMs.toString(16).padStart(12, '0')
  const rest = createHash('sha256').update(text).digest('hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`
}
