import { decodeEntry } from '@switchboard/contracts/entry'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { UserEvent } from '@switchboard/contracts/events'
import type { RoomEntry } from '@switchboard/contracts/methods'
import type { UserRooms } from '@switchboard/contracts/queries'
import type { Feed } from './feed.ts'
import type { FeedRegistry } from './feed-registry.ts'
import type { Archive } from './log-source.ts'

/** A room that a person is a member of, as far as an edge needs it. */
export interface Membership {
  readonly room: string
  /** Its head when it was last told: for rooms whose entries the log holds no more. */
  readonly head: number
  /** When something last happened there: milliseconds since the epoch. */
  readonly at: number
}

/** A connection of a person, told of what happens to the person. */
export interface Present {
  /** A member from the event `roomSeq` on. */
  roomAdded(room: string, roomSeq: number): void
  roomRemoved(room: string): void
  /** The list is not known any more: the connection must begin again. */
  lost(): void
}

export interface PersonParts {
  readonly feeds: FeedRegistry
  readonly archive: Archive
  readonly userRooms: (asked: { user: string; head: number }) => Promise<UserRooms | Refusal>
}

/** Events that came while the list was asked for. */
const WAITING_MAX = 10_000

/**
 * One person with at least one connection here: which rooms they are a member of, kept right by the events of their own channel.
 * The channel is followed before the list is asked for, so nothing falls in between.
 */
export class Person {
  readonly user: string
  readonly connections = new Set<Present>()
  /** Null when the list is known and followed. */
  readonly ready: Promise<Refusal | null>
  readonly #rooms = new Map<string, Membership>()
  readonly #parts: PersonParts
  #feed: Feed | null = null
  #listHead = 0
  #waiting: UserEvent[] | null = []

  constructor(user: string, parts: PersonParts) {
    this.user = user
    this.#parts = parts
    this.ready = this.#load()
  }

  /** Their own channel. Only after `ready`. */
  get feed(): Feed {
    if (!this.#feed) throw new Error('a person was used before it was ready')
    return this.#feed
  }

  isMember(room: string): boolean {
    return this.#rooms.has(room)
  }

  /** The same, when the room's own feed may have told of a removal that this person's channel has not told of yet. */
  isStillIn(feed: Feed): boolean {
    const membership = this.#rooms.get(feed.id)
    return membership !== undefined && feed.removedAt(this.user) <= membership.head
  }

  /** Their rooms, the most recently active first. */
  memberships(): Membership[] {
    return [...this.#rooms.values()].sort((a, b) => b.at - a.at)
  }

  close(): void {
    if (!this.#feed) return
    this.#feed.watchers.delete(this.#watch)
    this.#parts.feeds.release(this.#feed)
    this.#feed = null
  }

  async #load(): Promise<Refusal | null> {
    const feed = await this.#parts.feeds.use({ kind: 'user', id: this.user })
    if (isRefusal(feed)) return feed
    this.#feed = feed
    feed.watchers.add(this.#watch)
    const openedAt = feed.head
    const list = await this.#parts.userRooms({ user: this.user, head: openedAt })
    if (isRefusal(list)) return this.#fail(list)
    for (const entry of list.rooms) this.#rooms.set(entry.room, membershipOf(entry))
    this.#listHead = list.head
    if (list.head < openedAt) {
      const missed = await this.#parts.archive.events(feed, list.head, openedAt).catch(() => null)
      if (missed === null) return this.#fail(refuse('unavailable'))
      for (const { data } of missed) this.#apply(JSON.parse(Buffer.from(data).toString()) as UserEvent)
    }
    const waiting = this.#waiting ?? []
    this.#waiting = null
    for (const event of waiting) this.#apply(event)
    return null
  }

  #fail(refusal: Refusal): Refusal {
    this.close()
    return refusal
  }

  #watch = (_feed: Feed, entry: { payload: Uint8Array }): void => {
    if (entry.payload.byteLength === 0) {
      for (const connection of [...this.connections]) connection.lost()
      return
    }
    for (const event of decodeEntry(entry.payload) as UserEvent[]) {
      if (this.#waiting === null) this.#apply(event)
      else if (this.#waiting.length < WAITING_MAX) this.#waiting.push(event)
    }
  }

  #apply(event: UserEvent): void {
    if (event.seq <= this.#listHead) return
    this.#listHead = event.seq
    if (event.type === 'room.added') {
      this.#rooms.set(event.room, { room: event.room, head: event.room_seq, at: event.at })
      for (const connection of [...this.connections]) connection.roomAdded(event.room, event.room_seq)
    } else if (event.type === 'room.removed') {
      this.#rooms.delete(event.room)
      for (const connection of [...this.connections]) connection.roomRemoved(event.room)
    }
  }
}

const membershipOf = ({ room, head, at }: RoomEntry): Membership => ({ room, head, at })
