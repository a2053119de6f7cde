import { backoffMs, pause } from '@switchboard/runtime/deadline'

/** Time as an argument, so that what decides can be tested without waiting. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number
  /** Milliseconds on a clock that nobody sets: for how long something takes. */
  steadyMs(): number
  /** Ends early when the signal aborts. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
  /** Waits before another try; `failures` were before it. Ends early when the signal aborts. */
  beforeRetry(failures: number, signal: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  steadyMs: () => performance.now(),
  pause,
  beforeRetry: (failures, signal) => pause(backoffMs(failures, Math.random), signal),
}
