import { type Clock, type Sweeping, sweeping } from './clock.ts'
import type { Session } from './session.ts'

/** A client has so long to answer a ping. */
const PONG_SECONDS = 10

/** Pings every connection once in its interval, spread evenly over it, and ends those that did not answer in time. */
export class Heartbeat implements Disposable {
  readonly #slots: Set<Session>[]
  readonly #pongTicks: number
  readonly #beating: Sweeping
  #tick = 0
  #next = 0

  constructor(clock: Clock, pingSeconds: number) {
    this.#slots = Array.from({ length: Math.max(2, pingSeconds) }, () => new Set<Session>())
    this.#pongTicks = Math.min(PONG_SECONDS, this.#slots.length - 1)
    this.#beating = sweeping(clock, 1_000, () => this.#beat())
  }

  /** @returns a function that takes the session out again. */
  add(session: Session): () => void {
    this.#next = (this.#next + 1) % this.#slots.length
    const slot = this.#slots[this.#next]
    slot?.add(session)
    this.#beating.begin()
    return () => slot?.delete(session)
  }

  [Symbol.dispose](): void {
    this.#beating[Symbol.dispose]()
  }

  /** @returns whether there is anybody. */
  #beat(): boolean {
    const count = this.#slots.length
    this.#tick += 1
    const pinged = this.#slots[this.#tick % count] ?? []
    for (const session of pinged) session.ping()
    const due = this.#tick < this.#pongTicks ? undefined : this.#slots[(this.#tick - this.#pongTicks) % count]
    for (const session of [...(due ?? [])]) if (!session.hasAnsweredPing) session.close('no_pong')
    return this.#slots.some(({ size }) => size > 0)
  }
}
