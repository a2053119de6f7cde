/** Time, timers and randomness, so that a test can hold all of them. Milliseconds since the epoch. */
export interface Clock {
  now(): number
  /** In [0, 1). */
  random(): number
  /** Fills with unpredictable bytes: ids are made of them. */
  bytes(count: number): Uint8Array
  /** Runs `work` after `ms`; the returned function cancels it. */
  after(ms: number, work: () => void): () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  random: () => Math.random(),
  bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
  after: (ms, work) => {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
}
