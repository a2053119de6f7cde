import type { PresenceRecord } from '@switchboard/contracts/records'

/** Sockets of a user, over all edges that live; how many of them are in the foreground. */
export interface Sockets {
  readonly sockets: number
  readonly foreground: number
}

/** Edges without a lease whose words are kept. */
const STRANGERS_MAX = 64

const NONE: Sockets = { sockets: 0, foreground: 0 }

/**
 * Who is online, from what edges say. What an edge said counts only while its lease lives, so a dead edge takes all its
 * entries with it at once (G5). Pure: methods return the users whose sockets changed.
 */
export class PresenceView {
  readonly #edges = new Map<string, Map<string, Sockets>>()
  readonly #alive = new Set<string>()
  /** Edges that have said all they know, and not only what changed. */
  readonly #complete = new Set<string>()
  /** Edges that spoke and have no lease: they begin, or they have just ended. The oldest are forgotten. */
  readonly #strangers = new Set<string>()
  readonly #users = new Map<string, Set<string>>()

  /** An edge's word. Kept even before its lease is seen, as the two arrive in any order; so for a few edges at most. */
  apply(record: PresenceRecord): string[] {
    const known = this.#edges.get(record.edge) ?? new Map<string, Sockets>()
    this.#edges.set(record.edge, known)
    if (!this.#alive.has(record.edge)) this.#meet(record.edge)
    const changed = new Set<string>()
    if (record.whole) {
      this.#complete.add(record.edge)
      const named = new Set(record.users.map(([user]) => user))
      for (const user of known.keys()) if (!named.has(user)) changed.add(user)
    }
    for (const user of changed) this.#set(record.edge, user, NONE)
    for (const [user, sockets, foreground] of record.users) {
      changed.add(user)
      this.#set(record.edge, user, { sockets, foreground })
    }
    return this.#alive.has(record.edge) ? [...changed] : []
  }

  edgeAlive(edge: string): string[] {
    this.#alive.add(edge)
    this.#strangers.delete(edge)
    return [...(this.#edges.get(edge)?.keys() ?? [])]
  }

  edgeGone(edge: string): string[] {
    this.#alive.delete(edge)
    return this.#forget(edge)
  }

  /**
   * Whether an edge lives and has not said all it knows: it is to be asked. So is one whose lease ran out and was taken anew,
   * as what it said before was forgotten with the lease.
   */
  lacks(edge: string): boolean {
    return this.#alive.has(edge) && !this.#complete.has(edge)
  }

  of(user: string): Sockets {
    let sockets = 0
    let foreground = 0
    for (const edge of this.#users.get(user) ?? []) {
      if (!this.#alive.has(edge)) continue
      const here = this.#edges.get(edge)?.get(user) ?? NONE
      sockets += here.sockets
      foreground += here.foreground
    }
    return { sockets, foreground }
  }

  /** Edges whose lease lives, edges that spoke and have none, and how many users the view knows: for people. */
  get size(): { edges: number; strangers: number; users: number } {
    return { edges: this.#alive.size, strangers: this.#strangers.size, users: this.#users.size }
  }

  #forget(edge: string): string[] {
    const users = [...(this.#edges.get(edge)?.keys() ?? [])]
    for (const user of users) this.#set(edge, user, NONE)
    this.#edges.delete(edge)
    this.#complete.delete(edge)
    this.#strangers.delete(edge)
    return users
  }

  #meet(edge: string): void {
    this.#strangers.delete(edge)
    this.#strangers.add(edge)
    const [oldest] = this.#strangers
    if (oldest !== undefined && this.#strangers.size > STRANGERS_MAX) this.#forget(oldest)
  }

  #set(edge: string, user: string, sockets: Sockets): void {
    const known = this.#edges.get(edge)
    const edges = this.#users.get(user) ?? new Set<string>()
    if (sockets.sockets === 0) {
      known?.delete(user)
      edges.delete(edge)
    } else {
      known?.set(user, sockets)
      edges.add(edge)
    }
    if (edges.size === 0) this.#users.delete(user)
    else this.#users.set(user, edges)
  }
}
