import type { PresenceRecord } from '@switchboard/contracts/records'

/** Sockets of a user, over all edges that live; how many of them are in the foreground. */
export interface Sockets {
  readonly sockets: number
  readonly foreground: number
}

const NONE: Sockets = { sockets: 0, foreground: 0 }

/**
 * Who is online, from what edges say. What an edge said counts only while its lease lives, so a dead edge takes all its
 * entries with it at once (G5). Pure: methods return the users whose sockets changed.
 */
export class PresenceView {
  readonly #edges = new Map<string, Map<string, Sockets>>()
  readonly #alive = new Set<string>()
  readonly #users = new Map<string, Set<string>>()

  /** An edge's word. Kept even before its lease is seen, as the two arrive in any order. */
  apply(record: PresenceRecord): string[] {
    const known = this.#edges.get(record.edge) ?? new Map<string, Sockets>()
    this.#edges.set(record.edge, known)
    const changed = new Set<string>()
    if (record.whole) {
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
    return [...(this.#edges.get(edge)?.keys() ?? [])]
  }

  edgeGone(edge: string): string[] {
    this.#alive.delete(edge)
    const users = [...(this.#edges.get(edge)?.keys() ?? [])]
    for (const user of users) this.#set(edge, user, NONE)
    this.#edges.delete(edge)
    return users
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

  /** Edges whose lease lives, and how many users the view knows: for people. */
  get size(): { edges: number; users: number } {
    return { edges: this.#alive.size, users: this.#users.size }
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
