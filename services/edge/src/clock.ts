/** Time as an argument, so that what decides can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds on a clock that nobody sets: for how long something takes. */
  steady(): number
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
  steady: () => performance.now(),
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

/** Resolves `ms` later. */
export const pauseBy = (clock: Pick<Clock, 'after'>, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve))

/** In place of what `after` returns, where nothing is waited for. */
export const noTimer = (): void => {}

/** A look that is taken again and again, as long as there is something to look at. */
export interface Sweeping extends Disposable {
  /** There is something: from now on it is looked at. */
  begin(): void
}

/** Calls `sweep` every `ms` from `begin` on, until it says that nothing is left: a timer that finds nothing only wakes the process. */
export function sweeping(clock: Pick<Clock, 'every'>, ms: number, sweep: () => boolean): Sweeping {
  let stop: (() => void) | undefined
  const end = () => {
    stop?.()
    stop = undefined
  }
  return {
    begin: () => {
      stop ??= clock.every(ms, () => {
        if (!sweep()) end()
      })
    },
    [Symbol.dispose]: end,
  }
}

/** How late this process is. */
export interface LoopWatch extends Disposable {
  /** By how much half of all timers of the last second or more were late, in milliseconds. */
  readonly lagMs: number
}

/** Seldom while nothing is late: each look wakes a process that sleeps. */
const REST_MS = 1_000
/** From one that was late on: ten in a window. */
const SAMPLE_MS = 100
const WINDOW_MS = 1_000
const SAMPLES_MIN = 3

/** The median, because one long pause (a collection of garbage, a process that was stopped and goes on) is no overload. */
export function watchLoop({ after }: Pick<Clock, 'after'>, nowMs = () => performance.now()): LoopWatch {
  let lagMs = 0
  let delays: number[] = []
  let began = 0
  let stop = () => {}
  const lookIn = (ms: number) => {
    const due = nowMs() + ms
    stop = after(ms, () => look(nowMs() - due))
  }
  const look = (lateMs: number) => {
    if (delays.length === 0) began = nowMs()
    delays.push(Math.max(0, lateMs))
    const isLate = delays.some((delay) => delay >= SAMPLE_MS)
    if (isLate && (nowMs() - began < WINDOW_MS || delays.length < SAMPLES_MIN)) return lookIn(SAMPLE_MS)
    lagMs = delays.sort((a, b) => a - b)[Math.floor(delays.length / 2)] ?? 0
    delays = []
    lookIn(lagMs >= SAMPLE_MS ? SAMPLE_MS : REST_MS)
  }
  lookIn(REST_MS)
  return {
    get lagMs() {
      return lagMs
    },
    [Symbol.dispose]: () => stop(),
  }
}
