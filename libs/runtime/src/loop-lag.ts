import { performance } from 'node:perf_hooks'

const WINDOW_MS = 10_000

/** How late the event loop is. */
export interface LoopLag extends Disposable {
  /** The longest that anything had to wait for its turn, in seconds: in the last ten seconds, or up to twenty. */
  readonly seconds: number
}

/** Milliseconds on a clock that nobody sets, and how many of them the loop has slept. */
export interface LoopTime {
  readonly nowMs: number
  readonly asleepMs: number
}

const timeOfLoop = (): LoopTime => ({
  nowMs: performance.now(),
  asleepMs: performance.eventLoopUtilization().idle,
})

/**
 * Measures every turn of the loop, and wakes nobody. @NOTE An immediate that is not referenced is run at the end of a turn and does
 * not keep the loop from sleeping. A timer would wake a process at rest, and would not see what lies between two looks.
 */
export function watchLoopLag(time: () => LoopTime = timeOfLoop): LoopLag {
  let [longestMs, longestBeforeMs] = [0, 0]
  let last = time()
  let beganMs = last.nowMs
  const turnWindow = (nowMs: number) => {
    const agoMs = nowMs - beganMs
    if (agoMs < WINDOW_MS) return
    longestBeforeMs = agoMs < 2 * WINDOW_MS ? longestMs : 0
    longestMs = 0
    beganMs = nowMs
  }
  const look = () => {
    const now = time()
    turnWindow(now.nowMs)
    // What was not slept was work, and whatever came meanwhile had to wait for its end.
    longestMs = Math.max(longestMs, now.nowMs - last.nowMs - (now.asleepMs - last.asleepMs))
    last = now
    next = setImmediate(look).unref()
  }
  let next = setImmediate(look).unref()
  return {
    get seconds() {
      turnWindow(time().nowMs)
      return Math.max(longestMs, longestBeforeMs) / 1e3
    },
    [Symbol.dispose]: () => clearImmediate(next),
  }
}
