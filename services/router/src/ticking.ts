/** A clock that ticks slowly while nothing is to do. */
export interface Ticking extends Disposable {
  /** There is something to do: if it rests, it ticks again soon. */
  hurry(): void
}

/** Calls `tick` every `everyMs` as long as it says that there is something to do, and else every `restMs`: each call wakes the process. */
export function ticking({ everyMs, restMs }: { everyMs: number; restMs: number }, tick: () => boolean): Ticking {
  let isResting = false
  let timer: NodeJS.Timeout | undefined
  const wait = () => {
    timer = setTimeout(
      () => {
        isResting = !tick()
        wait()
      },
      isResting ? restMs : everyMs,
    )
  }
  wait()
  return {
    hurry: () => {
      if (!isResting) return
      isResting = false
      clearTimeout(timer)
      wait()
    },
    [Symbol.dispose]: () => {
      isResting = false
      clearTimeout(timer)
    },
  }
}
