import { isRefusal } from '@switchboard/contracts/errors'
import type { Feed, Watcher } from './feed.ts'
import type { FeedRegistry } from './feed-registry.ts'
import type { Membership } from './person.ts'
import type { Counting, RoomChanges } from './room-changes.ts'

/** Rooms opened together: the connection works already, there is no hurry. */
const BATCH = 100

/** The rooms of one connection that the server does not subscribe it to: their feeds only count. */
export class CountedRooms {
  readonly #feeds: FeedRegistry
  readonly #watch: Watcher
  /** Made for the first: most people have none. */
  #byRoom: Map<string, Feed | null> | null = null
  #closed = false

  constructor(who: Counting, parts: { feeds: FeedRegistry; changes: RoomChanges }) {
    this.#feeds = parts.feeds
    this.#watch = (feed) => parts.changes.mark(who, feed)
  }

  has(room: string): boolean {
    return this.#byRoom?.has(room) ?? false
  }

  async add(memberships: readonly Membership[]): Promise<void> {
    for (let from = 0; from < memberships.length && !this.#closed; from += BATCH) {
      await Promise.all(memberships.slice(from, from + BATCH).map((membership) => this.#open(membership)))
    }
  }

  remove(room: string): void {
    const feed = this.#byRoom?.get(room)
    this.#byRoom?.delete(room)
    if (feed) this.#release(feed)
  }

  close(): void {
    this.#closed = true
    for (const room of [...(this.#byRoom?.keys() ?? [])]) this.remove(room)
  }

  async #open({ room, head }: Membership): Promise<void> {
    this.#byRoom ??= new Map()
    if (this.#byRoom.has(room)) return
    this.#byRoom.set(room, null)
    const feed = await this.#feeds.use({ kind: 'room', id: room, head })
    // A count that cannot be had now is no reason to end a connection: the room list tells it.
    if (isRefusal(feed)) {
      this.#byRoom.delete(room)
      return
    }
    if (this.#closed || !this.#byRoom.has(room)) return this.#feeds.release(feed)
    this.#byRoom.set(room, feed)
    feed.watchers.add(this.#watch)
  }

  #release(feed: Feed): void {
    feed.watchers.delete(this.#watch)
    this.#feeds.release(feed)
  }
}
