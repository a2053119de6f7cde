import { DeadlineError } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { decodeJson, encodeJson } from './core.ts'
import { lastMessage } from './leader-read.ts'
import { publishFenced } from './log.ts'

/** A claim as it lies in its bucket, where it ends by itself after `pushAgeMs`. */
export interface Claim<T> {
  readonly revision: number
  readonly value: T
}

const subjectOf = ({ names }: Bus, key: string) => names.bucketKey(names.claims, key)

/**
 * Writes a claim that must have the revision `expect` now (0: that must not exist). Of all that try at once, one succeeds.
 * @returns its revision, or null if another was first. @throws when NATS is away: then it may have been written or not.
 */
export async function writeClaim(
  bus: Bus,
  claim: { key: string; value: unknown; expect: number },
): Promise<number | null> {
  const { key, value, expect } = claim
  const written = await publishFenced(bus, { subject: subjectOf(bus, key), payload: encodeJson(value), expect })
  if (written.kind === 'unknown') throw new DeadlineError(`writing a claim: ${written.reason}`)
  return written.kind === 'stored' ? written.seq : null
}

/** The claim under a key, from the leader: what was written to anybody's knowledge. Null if there is none. @throws when NATS is away. */
export async function readClaim<T>(bus: Bus, key: string): Promise<Claim<T> | null> {
  const message = await lastMessage(bus, bus.names.bucketStream(bus.names.claims), subjectOf(bus, key))
  if (!message || message.data.byteLength === 0) return null
  return { revision: message.seq, value: decodeJson<T>(message.data) }
}
