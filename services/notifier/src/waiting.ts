import { BoundedMap } from './bounded-map.ts'

const LINES_MAX = 10_000
/** What does not come back so long after its time, another process has taken: it does not count here any more. */
const GRACE_MS = 30_000

/** How many wait for each of several lines. */
export class Waiting {
  readonly #most: number
  readonly #now: () => number
  /** Until when each is counted, by line. */
  readonly #lines = new BoundedMap<string, Map<string, number>>(LINES_MAX)

  constructor(most: number, now: () => number) {
    this.#most = most
    this.#now = now
  }

  /** Counts one that waits for so long; false, and it is not counted, where as many wait as may. */
  add(line: string, key: string, forMs: number): boolean {
    if (this.#most === Number.POSITIVE_INFINITY) return true
    const keys = this.#lines.get(line) ?? new Map<string, number>()
    this.#lines.set(line, keys)
    if (!keys.has(key) && keys.size >= this.#most) this.#drop(keys)
    if (!keys.has(key) && keys.size >= this.#most) return false
    keys.set(key, this.#now() + forMs + GRACE_MS)
    return true
  }

  /** Something has got through: nothing there waits for long any more. */
  clear(line: string): void {
    this.#lines.delete(line)
  }

  #drop(keys: Map<string, number>): void {
    for (const [key, untilMs] of keys) if (untilMs < this.#now()) keys.delete(key)
  }
}
