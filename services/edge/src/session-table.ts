import { MAX } from '@switchboard/contracts/limits'
import { addressKey } from './address.ts'
import type { Session } from './session.ts'

/** Every connection of this edge. */
export class SessionTable {
  readonly #all = new Set<Session>()
  /** The oldest first. Arrays, as most users have one: a set of one is four times as large. */
  readonly #byUser = new Map<string, Session[]>()
  readonly #unauthenticated = new Map<string, number>()
  #identified = 0

  get size(): number {
    return this.#all.size
  }

  /** Connections that did not say yet who they are. */
  get unauthenticated(): number {
    return this.#all.size - this.#identified
  }

  /** The same of one address, as limits count it. */
  unauthenticatedOf(address: string): number {
    return this.#unauthenticated.get(address) ?? 0
  }

  add(session: Session): void {
    this.#all.add(session)
    this.#count(session, 1)
  }

  /** The connection belongs to this user now. One too many, and the oldest gives way: it may be half-open and dead. */
  identified(user: string, session: Session): void {
    const sessions = this.#byUser.get(user) ?? []
    this.#byUser.set(user, [...sessions, session])
    this.#identified += 1
    this.#count(session, -1)
    if (sessions.length >= MAX.userConnections) sessions[0]?.close('connection_limit')
  }

  /** The connection belongs to this user no more. */
  forget(user: string, session: Session): void {
    const sessions = this.#byUser.get(user)
    if (!sessions?.includes(session)) return
    const left = sessions.filter((each) => each !== session)
    this.#identified -= 1
    this.#count(session, 1)
    if (left.length === 0) this.#byUser.delete(user)
    else this.#byUser.set(user, left)
  }

  remove(session: Session): void {
    if (this.#all.delete(session)) this.#count(session, -1)
  }

  ofUser(user: string): Session[] {
    return [...(this.#byUser.get(user) ?? [])]
  }

  #count(session: Session, by: 1 | -1): void {
    const address = addressKey(session.link.address)
    const count = this.unauthenticatedOf(address) + by
    if (count === 0) this.#unauthenticated.delete(address)
    else this.#unauthenticated.set(address, count)
  }

  [Symbol.iterator](): Iterator<Session> {
    return this.#all.values()
  }
}
