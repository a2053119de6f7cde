/** Time as an argument, so that what decides can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls `then` once, `ms` later, unless the returned function was called before. */
  after(ms: number, then: () => void): () => void
  /** Calls `then` every `ms` until the returned function is called. */
  every(ms: number, then: () => void): () => void
  /** Calls `then` after the input and output that is ready now. */
  soon(then: () => void): void
  /** Dice, as they go with waiting: at least 0, below 1. */
  random(): number
}

/** Longer timers fire at once in JavaScript. */
const TIMER_MS_MAX = 2_147_483_647

/** None of its timers keeps the process alive: the listening port does. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, Math.max(0, Math.min(ms, TIMER_MS_MAX)))
    timer.unref()
    return () => clearTimeout(timer)
  },
  every: (ms, then) => {
    const timer = setInterval(then, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
  soon: (then) => {
    setImmediate(then)
  },
  random: () => Math.random(),
}
