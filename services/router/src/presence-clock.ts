import { MAX } from '@switchboard/contracts/limits'

/** Users whose "last seen" is remembered; the oldest are forgotten. */
const LAST_SEEN_MAX = 200_000

/** A moment by two clocks. */
export interface Moment {
  /** Milliseconds since the epoch: what people are shown. May jump. */
  readonly nowMs: number
  /** Milliseconds since any start: what a grace is measured with. Never jumps. */
  readonly steadyMs: number
}

/** What changed for others: who is to be called online, who offline. */
export interface PresenceChange {
  readonly online: readonly string[]
  readonly offline: readonly string[]
}

/**
 * Turns sockets into what people are told: online at once, offline only after a grace, so that a reload or a rolling deploy
 * flickers nobody. Pure: the moment is an argument.
 */
export class PresenceClock {
  readonly #online = new Set<string>()
  /** Users without sockets, and until when (steady) they still count as online. */
  readonly #leaving = new Map<string, number>()
  readonly #lastSeen = new Map<string, number>()
  readonly #graceMs: number
  #cameOnline = new Set<string>()

  constructor(graceMs: number = MAX.presenceGraceMs) {
    this.#graceMs = graceMs
  }

  /** Sockets of a user changed. */
  note(user: string, isConnected: boolean, { nowMs, steadyMs }: Moment): void {
    if (isConnected) {
      this.#leaving.delete(user)
      if (!this.#online.has(user)) {
        this.#online.add(user)
        this.#cameOnline.add(user)
      }
      return
    }
    if (this.#online.has(user) && !this.#leaving.has(user)) {
      this.#leaving.set(user, steadyMs + this.#graceMs)
      this.#remember(user, nowMs)
    }
  }

  /** Whether nothing will change unless somebody comes or goes. */
  get isResting(): boolean {
    return this.#leaving.size === 0 && this.#cameOnline.size === 0
  }

  /** Ends the graces that are over. @returns everything that changed since the last call. */
  tick(steadyMs: number): PresenceChange {
    const offline: string[] = []
    for (const [user, untilMs] of this.#leaving) {
      // Entries stand in the order of their ends, as the grace is the same for all.
      if (untilMs > steadyMs) break
      this.#leaving.delete(user)
      this.#online.delete(user)
      if (!this.#cameOnline.delete(user)) offline.push(user)
    }
    const online = [...this.#cameOnline]
    this.#cameOnline = new Set()
    return { online, offline }
  }

  isOnline(user: string): boolean {
    return this.#online.has(user)
  }

  /** When the last socket of a user went, null if that was never seen here. */
  lastSeen(user: string): number | null {
    return this.#lastSeen.get(user) ?? null
  }

  #remember(user: string, atMs: number): void {
    this.#lastSeen.delete(user)
    this.#lastSeen.set(user, atMs)
    if (this.#lastSeen.size <= LAST_SEEN_MAX) return
    const oldest = this.#lastSeen.keys().next().value
    if (oldest !== undefined) this.#lastSeen.delete(oldest)
  }
}
