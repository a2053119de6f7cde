import type { Clock } from '../src/clock.ts'

/** A clock that stands still until the model moves it, with dice that always fall the same. */
export class ModelClock implements Clock {
  #nowMs: number
  #timers: { readonly at: number; readonly work: () => void }[] = []

  constructor(nowMs = 0) {
    this.#nowMs = nowMs
  }

  now(): number {
    return this.#nowMs
  }

  random(): number {
    return 0.5
  }

  bytes(count: number): Uint8Array {
    return new Uint8Array(count)
  }

  after(ms: number, work: () => void): () => void {
    const timer = { at: this.#nowMs + ms, work }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer)
    }
  }

  /** What is due by then runs, in the order in which it was asked for. */
  pass(ms: number): void {
    this.#nowMs += ms
    const due = this.#timers.filter(({ at }) => at <= this.#nowMs)
    this.#timers = this.#timers.filter(({ at }) => at > this.#nowMs)
    for (const { work } of due) work()
  }

  /** The process that waited is gone. */
  forget(): void {
    this.#timers = []
  }
}
