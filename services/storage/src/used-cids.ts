import type { AnyEvent } from '@switchboard/contracts/events'
import type { UsedCid } from '@switchboard/contracts/queries'
import { intentOf } from '@switchboard/domain/intent'

/** cids of the newest stored events that a snapshot carries beside those of the tail: what a client repeats is mostly recent. */
export const CIDS_WINDOW = 512

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
 * The cids of a snapshot: those of the `recent` stored events (all after `saved` − CIDS_WINDOW) and of the tail. `cids_since_at` is the
 * moment of the oldest of them, which nothing before it is younger than.
 */
export function cidsOf(
  recent: readonly UsedCid[],
  tail: readonly AnyEvent[],
  saved: { head: number; at: number },
): Cids {
  const since = Math.max(0, saved.head - CIDS_WINDOW)
  const cids = [...recent, ...tail.map(usedBy)]
  if (since === 0) return { cids, cids_since: 0, cids_since_at: 0 }
  return { cids, cids_since: since, cids_since_at: recent.at(0)?.at ?? saved.at }
}
