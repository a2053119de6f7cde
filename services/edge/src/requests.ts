import { type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { ReplyRecord } from '@switchboard/contracts/records'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'

interface Waiting {
  readonly done: (outcome: object | Refusal) => void
  readonly since: number
  /** In sweeps, so that a clock that is set changes nothing. */
  readonly sweep: number
}

/** Commands on their way to the router, by the number that its reply will carry. */
export class Requests implements Disposable {
  readonly #clock: Clock
  readonly #events: EdgeEvents
  /** In the order of their numbers, so the oldest are the first. */
  readonly #waiting = new Map<number, Waiting>()
  readonly #stop: () => void
  #last = 0
  #sweeps = 0

  constructor(clock: Clock, events: EdgeEvents) {
    this.#clock = clock
    this.#events = events
    this.#stop = clock.every(SWEEP_MS, () => this.#sweep())
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
    this.#stop()
    for (const { done } of this.#waiting.values()) done(refuse('unavailable'))
    this.#waiting.clear()
  }

  #sweep(): void {
    this.#sweeps += 1
    for (const [request, { done, sweep }] of this.#waiting) {
      if (this.#sweeps - sweep <= SWEEPS_MAX) break
      this.#waiting.delete(request)
      this.#events.replied('timeout')
      done(refuse('timeout'))
    }
    this.#events.repliesPending(this.#waiting.size)
  }
}

/** How late a time-out may be: one sweep for all instead of a timer for each. */
const SWEEP_MS = 100
const SWEEPS_MAX = (MAX.replySeconds * 1_000) / SWEEP_MS
