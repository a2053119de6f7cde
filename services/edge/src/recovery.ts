import { MAX } from '@switchboard/contracts/limits'
import type { Publication, SubscribeResult } from '@switchboard/contracts/protocol'
import type { Feed } from './feed.ts'
import type { Archive } from './log-source.ts'

/** The position that a client wants to go on from. */
export interface Position {
  readonly recover?: boolean
  readonly offset?: number
  readonly epoch?: string
}

export type RecoverySource = 'none' | 'memory' | 'storage' | 'too old'

/** Bytes that one reply may still carry in publications, shared by all rooms of a connect. */
export interface Budget {
  bytes: number
}

export interface RecoveryParts {
  readonly archive: Archive
  /** Brings a feed that was opened from an old head up to the log. */
  readonly catchUp: (feed: Feed) => Promise<void>
  readonly recovered: (source: RecoverySource) => void
}

/** A room that runs faster than its gap is fetched is reloaded after this many tries. */
const ROUNDS_MAX = 3

/**
 * Everything between a client's position and a feed's head, or the plain word that it must reload: never a part. Fetching takes
 * time, in which the feed goes on; so a prepared recovery is finished in one step with adding the listener.
 */
export class Recovery {
  readonly #feed: Feed
  readonly #position: Position
  readonly #parts: RecoveryParts
  #older: Publication[] = []
  #source: RecoverySource

  constructor(feed: Feed, position: Position, parts: RecoveryParts) {
    this.#feed = feed
    this.#position = position
    this.#parts = parts
    this.#source = position.recover === true ? 'memory' : 'none'
  }

  /** Fetches what is in memory no more. Rejects when storage is away: better the client asks again than reloads for that. */
  async prepare(): Promise<void> {
    if (this.#source === 'none') return
    const offset = this.#position.offset ?? 0
    // This feed may have been opened from a replica that is behind what the client has seen elsewhere.
    if (offset > this.#feed.head) await this.#parts.catchUp(this.#feed)
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      if (!this.#isPossible(offset)) return this.#giveUp()
      if (this.#feed.since(this.#reached(offset)) !== null) return
      const upTo = this.#feed.oldest - 1
      this.#source = 'storage'
      const events = await this.#parts.archive.events(this.#feed, this.#reached(offset), upTo)
      if (events === null) return this.#giveUp()
      this.#older.push(...events)
      this.#feed.remember(events)
    }
  }

  /** The reply for the feed as it is at this moment. */
  finish(budget: Budget): SubscribeResult {
    const { head, epoch } = this.#feed
    const result = { recoverable: true, positioned: true, epoch, offset: head } as const
    this.#parts.recovered(this.#source)
    if (this.#source === 'none') return result
    const publications = this.#publications(budget)
    if (publications === null) return { ...result, was_recovering: true }
    return { ...result, was_recovering: true, recovered: true, publications }
  }

  #publications(budget: Budget): Publication[] | null {
    const offset = this.#position.offset ?? 0
    if (this.#source === 'too old' || !this.#isPossible(offset)) return null
    const newer = this.#feed.since(this.#reached(offset))
    if (newer === null) return null
    const all = [...this.#older, ...newer]
    const bytes = all.reduce((sum, { data }) => sum + data.byteLength, 0)
    if (all.length > MAX.recoverEvents || bytes > Math.min(MAX.recoverBytes, budget.bytes)) return null
    budget.bytes -= bytes
    return all
  }

  #reached = (offset: number): number => this.#older.at(-1)?.offset ?? offset

  #isPossible(offset: number): boolean {
    const { head, epoch } = this.#feed
    const wanted = this.#position.epoch ?? ''
    // In the protocol an empty epoch means any.
    return (wanted === '' || wanted === epoch) && offset <= head && head - offset <= MAX.recoverEvents
  }

  #giveUp(): void {
    this.#source = 'too old'
    this.#older = []
  }
}
