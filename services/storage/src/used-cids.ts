import type { AnyEvent } from '@switchboard/contracts/events'
import type { UsedCid } from '@switchboard/contracts/queries'
import { intentOf } from '@switchboard/domain/intent'

/**
 * cids that a snapshot carries: those of the newest events, as what a client repeats is mostly recent. With the members of the largest
 * room they stay below one NATS message.
 */
export const CIDS_MAX = 512

export interface Cids {
  readonly cids: UsedCid[]
  readonly cids_since: number
  readonly cids_since_at: number
}

export const usedBy = (event: AnyEvent): UsedCid => ({
  from: event.from,
  cid: event.cid,
  seq: event.seq,
  at: event.at,
  intent: intentOf(event),
})

/**
 * The cids of a snapshot: the newest of the `recent` stored events (all after `saved` − CIDS_MAX, ascending) and of the tail.
 * `cids_since_at` is the moment of the oldest of them, which nothing before it is younger than.
 */
export function cidsOf(
  recent: readonly UsedCid[],
  tail: readonly AnyEvent[],
  saved: { head: number; at: number },
): Cids {
  const cids = [...recent, ...tail.map(usedBy)].slice(-CIDS_MAX)
  const head = tail.at(-1)?.seq ?? saved.head
  const cids_since = Math.max(0, head - CIDS_MAX)
  if (cids_since === 0) return { cids, cids_since, cids_since_at: 0 }
  const known = cids.filter(({ seq }) => seq > cids_since)
  return { cids: known, cids_since, cids_since_at: known.at(0)?.at ?? saved.at }
}
