import { PubHeaders } from '@nats-io/jetstream'
import { DeadlineError } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { decodeJson, encodeJson } from './core.ts'
import { WRONG_LAST_SEQUENCE } from './infrastructure.ts'
import { lastMessage } from './leader-read.ts'

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
  const fence = { [PubHeaders.ExpectedLastSubjectSequenceHdr]: String(claim.expect) }
  const word = await bus.acked.publish(subjectOf(bus, claim.key), encodeJson(claim.value), fence)
  if (word.kind === 'stored') return word.seq
  if (word.kind === 'refused' && word.code === WRONG_LAST_SEQUENCE) return null
  throw new DeadlineError(`writing a claim: ${word.reason}`)
}

/** The claim under a key, from the leader: what was written to anybody's knowledge. Null if there is none. @throws when NATS is away. */
export async function readClaim<T>(bus: Bus, key: string): Promise<Claim<T> | null> {
  const message = await lastMessage(bus, bus.names.bucketStream(bus.names.claims), subjectOf(bus, key))
  if (!message || message.data.byteLength === 0) return null
  return { revision: message.seq, value: decodeJson<T>(message.data) }
}
