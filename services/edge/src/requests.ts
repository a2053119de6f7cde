import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { ReplyRecord } from '@switchboard/contracts/records'
import { type Clock, type Sweeping, sweeping } from './clock.ts'
import type { EdgeEvents } from './events.ts'

interface Waiting {
  readonly done: (outcome: object | Refusal) => void
  readonly since: number
  /** In sweeps, so that a clock that is set changes nothing. They are only counted while something waits. */
  readonly sweep: number
}

/** Commands on their way to the router, by the number that its reply will carry. */
export class Requests implements Disposable {
  readonly #clock: Clock
  readonly #events: EdgeEvents
  /** In the order of their numbers, so the oldest are the first. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #sweeping: Sweeping
  #last = 0
  #sweeps = 0

  constructor(clock: Clock, events: EdgeEvents) {
    this.#clock = clock
    this.#events = events
    this.#sweeping = sweeping(clock, SWEEP_MS, () => this.#sweep())
    events.repliesPending(0)
  }

  /** Commands without an outcome yet. */
  get size(): number {
    return this.#waiting.size
  }

  /** A new number, and what becomes of it: the router's result, its refusal, or `timeout`. */
  open(): { request: number; outcome: Promise<object | Refusal> } {
    this.#last += 1
    const request = this.#last
    const outcome = new Promise<object | Refusal>((done) => {
      this.#waiting.set(request, { done, since: this.#clock.steady(), sweep: this.#sweeps })
    })
    this.#sweeping.begin()
    return { request, outcome }
  }

  resolve(reply: ReplyRecord): void {
    const waiting = this.#waiting.get(reply.r)
    if (!waiting) {
      this.#events.replied('late')
      return
    }
    this.#waiting.delete(reply.r)
    this.#events.replied('ok' in reply ? 'done' : 'refused')
    this.#events.replySeconds((this.#clock.steady() - waiting.since) / 1_000)
    waiting.done('ok' in reply ? reply.ok : reply.no)
  }

  [Symbol.dispose](): void {
    this.#sweeping[Symbol.dispose]()
    for (const { done } of this.#waiting.values()) done(refuse('unavailable'))
    this.#waiting.clear()
  }

  /** @returns whether one still waits. */
  #sweep(): boolean {
    this.#sweeps += 1
    for (const [request, { done, sweep }] of this.#waiting) {
      if (this.#sweeps - sweep <= SWEEPS_MAX) break
      this.#waiting.delete(request)
      this.#events.replied('timeout')
      done(refuse('timeout'))
    }
    this.#events.repliesPending(this.#waiting.size)
    return this.#waiting.size > 0
  }
}

/** How late a time-out may be: one sweep for all instead of a timer for each. */
const SWEEP_MS = 100
const SWEEPS_MAX = (MAX.replySeconds * 1_000) / SWEEP_MS
