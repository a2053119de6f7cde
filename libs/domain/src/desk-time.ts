/** A moment by two clocks: what people are told, which may be set, and what durations are measured with, which only runs on. */
export interface DeskMoment {
  readonly nowMs: number
  readonly steadyMs: number
}

/** How fast the time of a desk goes that is ahead of the clock: slower, so that the clock catches up, and never standing still. */
const CATCHING_UP = 0.9

/**
 * The time of a desk. It never goes back, as who waits is ordered by it; and it never stands still, as offers and absences end
 * by it. So where a clock was ahead for a moment and is right again, or another router goes on whose clock is behind, the desk
 * stays ahead and lets the clock catch up. `last` is what this was before; parts of a millisecond count, as many commands may
 * come in one. Pure.
 */
export function deskNow(last: DeskMoment, now: DeskMoment): number {
  const passedMs = Math.max(0, now.steadyMs - last.steadyMs)
  return Math.max(now.nowMs, last.nowMs + passedMs * CATCHING_UP)
}
