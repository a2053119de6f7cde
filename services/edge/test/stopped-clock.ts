import { type Clock, systemClock } from '../src/clock.ts'

/** Time that goes only when it is told to; what is soon comes after the promises that are ready. */
export function stoppedClock() {
  const timers = new Set<{ at: number; readonly every: number; readonly then: () => void }>()
  let now = 0
  const set = (ms: number, every: number, then: () => void) => {
    const timer = { at: now + ms, every, then }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    steady: () => now,
    after: (ms, then) => set(ms, 0, then),
    every: (ms, then) => set(ms, ms, then),
    random: () => 0,
  }
  const pass = (ms: number) => {
    now += ms
    for (const timer of [...timers].filter(({ at }) => at <= now)) {
      // One before it may have called it off.
      if (!timers.has(timer)) continue
      if (timer.every > 0) timer.at = now + timer.every
      else timers.delete(timer)
      timer.then()
    }
  }
  return { clock, pass }
}
