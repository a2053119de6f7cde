import { UNSUBSCRIBE, type UnsubscribeName } from '@switchboard/contracts/protocol'
import type { Codec } from './codec.ts'
import type { Listener } from './fan-out.ts'
import type { Feed } from './feed.ts'
import type { Link } from './link.ts'

/** The connection as its subscriptions see it. */
export interface Owner {
  readonly user: string
  readonly codec: Codec
  readonly link: Link
  /** A position that the server had vouched for is void: the whole connection must begin again. */
  restart(): void
}

/** All subscriptions of that connection. */
export interface Holder {
  drop(subscription: Subscription): void
}

/** One channel of one connection. `by` tells who asked: a client resubscribes by itself, the server's come with a new connection. */
export class Subscription implements Listener {
  readonly channel: string
  readonly by: 'server' | 'client'
  readonly user: string
  readonly codec: Codec
  readonly since: number
  position = 0
  feed: Feed | null = null
  state: 'pending' | 'live' | 'ended' = 'pending'
  readonly #owner: Owner
  readonly #holder: Holder

  constructor(channel: string, by: 'server' | 'client', parts: { owner: Owner; holder: Holder; since: number }) {
    this.channel = channel
    this.by = by
    this.user = parts.owner.user
    this.codec = parts.owner.codec
    this.#owner = parts.owner
    this.#holder = parts.holder
    this.since = parts.since
  }

  /** From now on it is given what comes after `position`. */
  go(feed: Feed): void {
    this.position = feed.head
    this.state = 'live'
    feed.audience.add(this)
  }

  send(frame: Uint8Array): void {
    this.#owner.link.send(frame)
  }

  sendNow(frame: Uint8Array): void {
    this.#owner.link.sendNow(frame)
  }

  hold(): void {
    this.#owner.link.hold()
  }

  release(): void {
    this.#owner.link.release()
  }

  signal(frame: Uint8Array): void {
    this.#owner.link.signal(frame)
  }

  ended(why: UnsubscribeName): void {
    if (this.state === 'ended') return
    if (why === 'insufficient_state' && this.by === 'server') {
      this.#owner.restart()
      return
    }
    const wasLive = this.state === 'live'
    this.#holder.drop(this)
    // Of one that was not answered yet the client learns from the answer.
    if (!wasLive) return
    this.#owner.link.send(this.codec.push({ channel: this.channel, unsubscribe: UNSUBSCRIBE[why] }))
  }
}
