import type { UsedCid } from '@switchboard/contracts/queries'
import { isNewerThan } from '@switchboard/domain/cid-age'

/** What is known of a cid without asking storage: used by this event, certainly new, or to be asked. */
export type CidFinding = UsedCid | 'new' | 'unknown'

/**
 * The cids of one entity's newest events. `sinceSeq` says what it is complete for: every event after that seq is here, so a
 * cid that is not, and cannot be older, is new.
 */
export class CidMemory {
  readonly #used = new Map<string, UsedCid>()
  readonly #most: number
  #sinceSeq: number
  #sinceAtMs: number

  constructor(known: { cids: readonly UsedCid[]; cids_since: number; cids_since_at: number }, most: number) {
    this.#most = most
    this.#sinceSeq = known.cids_since
    this.#sinceAtMs = known.cids_since_at
    for (const used of known.cids) this.add(used)
  }

  add(used: UsedCid): void {
    this.#used.set(`${used.from} ${used.cid}`, used)
    if (this.#used.size <= this.#most) return
    const oldest = this.#used.entries().next().value
    if (!oldest) return
    this.#used.delete(oldest[0])
    this.#sinceSeq = Math.max(this.#sinceSeq, oldest[1].seq)
    this.#sinceAtMs = Math.max(this.#sinceAtMs, oldest[1].at)
  }

  find(from: string, cid: string, nowMs: number): CidFinding {
    const used = this.#used.get(`${from} ${cid}`)
    if (used) return used
    return this.#sinceSeq === 0 || isNewerThan(cid, this.#sinceAtMs, nowMs) ? 'new' : 'unknown'
  }
}
