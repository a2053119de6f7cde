import { systemClock } from '../src/clock.ts'
import { WAIT_MS } from './edge-fixture.ts'

const LOOK_MS = 20

/** Looks until what is asked for is so; says what it was last when it never is. */
export async function eventually<T>(what: string, look: () => Promise<T>, is: (value: T) => boolean): Promise<T> {
  const until = Date.now() + WAIT_MS
  let value = await look()
  while (!is(value)) {
    if (Date.now() > until) throw new Error(`${what}: still ${value} after ${WAIT_MS} ms`)
    await new Promise<void>((resolve) => {
      systemClock.after(LOOK_MS, resolve)
    })
    value = await look()
  }
  return value
}
