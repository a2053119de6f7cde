import { MAX } from '@switchboard/contracts/limits'
import type { UsedCid } from '@switchboard/contracts/queries'
import { isNewerThan } from '@switchboard/domain/cid-age'
import { CidSieve } from './cid-sieve.ts'

/** People choose their cids for themselves: two may have the same. */
export const cidKey = ({ from, cid }: { from: string; cid: string }): string => `${from} ${cid}`

/** What is known of a cid without asking storage: used by this event, certainly new, or to be asked. */
export type CidFinding = UsedCid | 'new' | 'unknown'

/**
 * The cids of one entity's newest events. `sinceSeq` says what it is complete for: every event after that seq is here, so a
 * cid that is not, and cannot be older, is new. Of those that are not among the newest `exact` it knows only that a cid is certainly
 * not one of them. @NOTE A room that has more in five minutes would otherwise ask storage about each of its messages: no clock of a
 * client is believed closer than that.
 */
export class CidMemory {
  readonly #used = new Map<string, UsedCid>()
  readonly #exact: number
  readonly #sieve: CidSieve
  #sinceSeq: number
  #sinceAtMs: number
  /** The key that was made last. A command is looked for twice and then added, and to hash its key is most of the price. */
  #last = { from: '', cid: '', key: ' ' }

  constructor(
    known: { cids: readonly UsedCid[]; cids_since: number; cids_since_at: number },
    { exact, sieved }: { exact: number; sieved: number },
  ) {
    this.#exact = exact
    this.#sieve = new CidSieve(sieved)
    this.#sinceSeq = known.cids_since
    this.#sinceAtMs = known.cids_since_at
    for (const used of known.cids) this.add(used)
  }

  add(used: UsedCid): void {
    this.#used.set(this.#keyOf(used.from, used.cid), used)
    if (this.#used.size <= this.#exact) return
    const oldest = this.#used.entries().next().value
    if (!oldest) return
    this.#used.delete(oldest[0])
    const passed = this.#sieve.add(...oldest)
    if (!passed) return
    this.#sinceSeq = Math.max(this.#sinceSeq, passed.seq)
    this.#sinceAtMs = Math.max(this.#sinceAtMs, passed.at)
  }

  find(from: string, cid: string, nowMs: number): CidFinding {
    const key = this.#keyOf(from, cid)
    const used = this.#used.get(key)
    if (used) return used
    if (this.#sieve.mayHold(key)) return 'unknown'
    return this.#sinceSeq === 0 || isNewerThan(cid, this.#sinceAtMs, nowMs) ? 'new' : 'unknown'
  }

  #keyOf(from: string, cid: string): string {
    if (this.#last.from !== from || this.#last.cid !== cid) this.#last = { from, cid, key: cidKey({ from, cid }) }
    return this.#last.key
  }
}

/** What an entity remembers. */
export const CIDS_KEPT = { exact: MAX.laneCids, sieved: MAX.laneCidsSieved }
