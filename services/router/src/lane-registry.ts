import { MAX } from '@switchboard/contracts/limits'
import type { Lane } from './lane.ts'

/** The lanes of one router, least recently used first. Idle ones beyond the limit are forgotten: they load again. */
export class LaneRegistry {
  readonly #lanes = new Map<string, Lane>()
  readonly #most: number

  constructor(most: number = MAX.lanes) {
    this.#most = most
  }

  /** The lane under `key`, made by `make` if there is none. */
  take(key: string, make: () => Lane): Lane {
    const lane = this.#lanes.get(key) ?? make()
    this.#lanes.delete(key)
    this.#lanes.set(key, lane)
    return lane
  }

  get(key: string): Lane | undefined {
    return this.#lanes.get(key)
  }

  delete(key: string): void {
    this.#lanes.delete(key)
  }

  /** Forgets idle lanes that nobody looks at while there are too many. */
  trim(steadyMs: number): void {
    for (const [key, lane] of this.#lanes) {
      if (this.#lanes.size <= this.#most) return
      if (lane.isIdle && lane.watchedUntilMs < steadyMs) this.#lanes.delete(key)
    }
  }

  get size(): number {
    return this.#lanes.size
  }

  /** Commands that wait in the fullest of them. */
  get mostWaiting(): number {
    let most = 0
    for (const { waiting } of this.#lanes.values()) most = Math.max(most, waiting)
    return most
  }

  keys(): IterableIterator<string> {
    return this.#lanes.keys()
  }

  values(): IterableIterator<Lane> {
    return this.#lanes.values()
  }
}
