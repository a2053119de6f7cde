import { type BackOff, backOffMs } from './back-off.ts'
import type { Failure } from './failure.ts'
import type { OutboxEntry } from './outbox-store.ts'

/** An entry with what this process knows about it. `lane` decisions look at the oldest of each room only. */
export interface Waiting {
  readonly entry: OutboxEntry
  readonly attempts: number
  readonly inFlight: boolean
  /** Not before this moment: milliseconds since the epoch. */
  readonly dueAt: number
}

export interface Step {
  /** To be sent now: at most one of each room, and of that room always the oldest. */
  readonly send: readonly Waiting[]
  /** When to look again, or null when only an answer or a connection can change anything. */
  readonly lookAt: number | null
}

export const RETRY: BackOff = { firstMs: 400, longestMs: 15_000 }

/** cids increase as they are made, so their order is the order of writing. */
export const inOrder = (a: { cid: string }, b: { cid: string }): number => (a.cid < b.cid ? -1 : a.cid > b.cid ? 1 : 0)

/** What to do at this moment. A refused entry does not hold up those behind it: its writer has been told. */
export function plan(waiting: Iterable<Waiting>, now: number): Step {
  const oldest = new Map<string, Waiting>()
  for (const one of waiting) {
    if (one.entry.failure) continue
    const before = oldest.get(one.entry.room)
    if (!before || inOrder(one.entry, before.entry) < 0) oldest.set(one.entry.room, one)
  }
  const idle = [...oldest.values()].filter((one) => !one.inFlight)
  const later = idle.filter((one) => one.dueAt > now).map((one) => one.dueAt)
  return {
    send: idle.filter((one) => one.dueAt <= now),
    lookAt: later.length === 0 ? null : Math.min(...later),
  }
}

/** A token that ran out is fetched anew and the connection returns: no reason to bother the writer. */
const RETURNING = new Set<string>(['unauthorized', 'token_expired'])

/** What a failed try means: to be sent again with the same cid, later, or refused for good. */
export function afterFailure(one: Waiting, failure: Failure, at: { now: number; random: number }): Waiting {
  if (!failure.retry && !RETURNING.has(failure.code)) {
    return { ...one, inFlight: false, entry: { ...one.entry, failure } }
  }
  const dueAt = at.now + backOffMs(one.attempts, RETRY, at.random)
  return { ...one, inFlight: false, attempts: one.attempts + 1, dueAt }
}
