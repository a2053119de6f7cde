import { signalLine } from '@switchboard/contracts/entry'
import { type Clock, type Sweeping, sweeping } from './clock.ts'
import type { Feed } from './feed.ts'

/** Who is told of rooms that are only counted. */
export interface Counting {
  readonly user: string
  changed(lines: Uint8Array): void
}

/** Between two signals of the same room to the same connection. */
const EVERY_MS = 1_000

/** Somebody in very many rooms follows most of them by number only: once a second, which of them moved and how far. */
export class RoomChanges implements Disposable {
  readonly #changed = new Map<Counting, Map<string, number>>()
  readonly #telling: Sweeping

  constructor(clock: Clock) {
    this.#telling = sweeping(clock, EVERY_MS, () => this.#tell())
  }

  mark(who: Counting, feed: Feed): void {
    const rooms = this.#changed.get(who) ?? new Map<string, number>()
    this.#changed.set(who, rooms)
    rooms.set(feed.id, feed.head)
    this.#telling.begin()
  }

  forget(who: Counting): void {
    this.#changed.delete(who)
  }

  [Symbol.dispose](): void {
    this.#telling[Symbol.dispose]()
  }

  /** @returns whether there was anything to tell. */
  #tell(): boolean {
    const isAny = this.#changed.size > 0
    for (const [who, rooms] of this.#changed) {
      const channel = `user:${who.user}`
      const lines = [...rooms].map(([room, head]) => signalLine(channel, { type: 'room.changed', room, head }))
      who.changed(Buffer.from(lines.join('\n')))
    }
    this.#changed.clear()
    return isAny
  }
}
