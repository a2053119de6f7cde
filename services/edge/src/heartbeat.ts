import type { Clock } from './clock.ts'
import type { Session } from './session.ts'

/** A client has so long to answer a ping. */
const PONG_SECONDS = 10

interface Beat {
  /** What waited and what had left when the ping went out. */
  waiting: number
  sent: number
}

/**
 * Pings every connection once in its interval, spread evenly over it, and ends those that did not answer in time, or to which
 * nothing could be written since.
 */
export class Heartbeat implements Disposable {
  readonly #slots: Map<Session, Beat>[]
  readonly #pongTicks: number
  readonly #stop: () => void
  #tick = 0
  #next = 0

  constructor(clock: Clock, pingSeconds: number) {
    this.#slots = Array.from({ length: Math.max(2, pingSeconds) }, () => new Map<Session, Beat>())
    this.#pongTicks = Math.min(PONG_SECONDS, this.#slots.length - 1)
    this.#stop = clock.every(1_000, () => this.#beat())
  }

  /** @returns a function that takes the session out again. */
  add(session: Session): () => void {
    this.#next = (this.#next + 1) % this.#slots.length
    const slot = this.#slots[this.#next]
    slot?.set(session, { waiting: 0, sent: 0 })
    return () => slot?.delete(session)
  }

  [Symbol.dispose](): void {
    this.#stop()
  }

  #beat(): void {
    const count = this.#slots.length
    this.#tick += 1
    const pinged = this.#slots[this.#tick % count] ?? new Map<Session, Beat>()
    for (const [session, beat] of pinged) {
      session.ping()
      beat.waiting = session.link.waitingBytes
      beat.sent = session.link.sentBytes
    }
    if (this.#tick < this.#pongTicks) return
    const due = this.#slots[(this.#tick - this.#pongTicks) % count] ?? new Map<Session, Beat>()
    for (const [session, beat] of [...due]) {
      const isStuck = beat.waiting > 0 && session.link.waitingBytes > 0 && session.link.sentBytes === beat.sent
      if (isStuck) session.close('slow')
      else if (!session.hasAnsweredPing) session.close('no_pong')
    }
  }
}
