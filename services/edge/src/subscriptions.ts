import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { CHANNEL_OF, type SubscribeResult } from '@switchboard/contracts/protocol'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Feed } from './feed.ts'
import type { FeedRegistry, FeedSpec } from './feed-registry.ts'
import type { Archive } from './log-source.ts'
import type { Person } from './person.ts'
import { type Budget, type Position, Recovery } from './recovery.ts'
import { type Holder, type Owner, Subscription } from './subscription.ts'

export interface SubscriptionParts {
  readonly feeds: FeedRegistry
  readonly archive: Archive
  readonly clock: Clock
  readonly events: EdgeEvents
}

interface Prepared {
  readonly subscription: Subscription
  readonly feed: Feed
  readonly recovery: Recovery
}

/** Also while something else was waited for. */
const isEnded = ({ state }: Subscription): boolean => state === 'ended'

const freshBudget = (): Budget => ({ bytes: MAX.recoverBytes })

/** All channels of one connection. */
export class Subscriptions implements Holder {
  readonly #owner: Owner
  readonly #parts: SubscriptionParts
  readonly #byChannel = new Map<string, Subscription>()
  #arrivals: Map<string, Set<() => void>> | null = null
  #closed = false

  constructor(owner: Owner, parts: SubscriptionParts) {
    this.#owner = owner
    this.#parts = parts
  }

  get size(): number {
    return this.#byChannel.size
  }

  find(channel: string): Subscription | undefined {
    return this.#byChannel.get(channel)
  }

  /**
   * What the connect reply says: the person's channel and their rooms, each recovered from where the client was.
   * @returns a function that finishes in the moment of the reply, or why the client must try again.
   */
  async open(
    person: Person,
    wanted: ReadonlyMap<string, Position>,
  ): Promise<(() => Record<string, SubscribeResult>) | Refusal> {
    const specs: FeedSpec[] = [{ kind: 'user', id: person.user }]
    for (const { room, head } of person.memberships().slice(0, MAX.serverRooms))
      specs.push({ kind: 'room', id: room, head })
    const all = await Promise.all(
      specs.map((spec) => {
        const subscription = this.#reserve(this.#parts.feeds.channelOf(spec), 'server')
        return this.#prepare(subscription, spec, wanted.get(subscription.channel) ?? {})
      }),
    )
    const refusal = all.find(isRefusal)
    if (refusal) return refusal
    return () => {
      const budget = freshBudget()
      const results: Record<string, SubscribeResult> = {}
      for (const prepared of all as (Prepared | null)[]) {
        if (prepared?.subscription.state !== 'pending') continue
        const { subscription, feed } = prepared
        if (feed.kind === 'room' && !person.isStillIn(feed)) this.drop(subscription)
        else results[subscription.channel] = this.#finish(prepared, budget)
      }
      return results
    }
  }

  /**
   * A subscription that the client asked for. `reply` is called in the moment from which on publications follow. `mayHear` is
   * asked last, when the feed itself knows who was removed.
   */
  async subscribe(
    spec: FeedSpec & { readonly mayHear: (feed: Feed) => boolean },
    position: Position,
    reply: (result: SubscribeResult) => void,
  ): Promise<Refusal | null> {
    const channel = this.#parts.feeds.channelOf(spec)
    const known = this.#byChannel.get(channel)
    if (known?.by === 'client') return refuse('already_subscribed', { field: 'channel' })
    if (!known && this.size >= MAX.connectionRooms) return refuse('limit_exceeded', { field: 'channel' })
    // The client wants to hold this channel itself: what the server had subscribed gives way, and the client is told.
    if (known?.state === 'live') known.ended('replaced')
    else if (known) this.drop(known)
    const subscription = this.#reserve(channel, 'client')
    const prepared = await this.#prepare(subscription, spec, position)
    if (isRefusal(prepared)) return prepared
    if (prepared && !spec.mayHear(prepared.feed)) this.drop(subscription)
    if (!prepared || subscription.state !== 'pending') return refuse('not_a_member', { field: 'channel' })
    reply(this.#finish(prepared, freshBudget()))
    return null
  }

  /** The person has become a member: the client learns it from a push, and gets the room from the event `roomSeq` on. */
  async add(person: Person, room: string, roomSeq: number): Promise<void> {
    const channel = CHANNEL_OF.room(room)
    if (this.#byChannel.has(channel) || this.#closed) return this.#arrived(room)
    const subscription = this.#reserve(channel, 'server', roomSeq)
    const position = { recover: true, offset: roomSeq - 1 }
    const prepared = await this.#prepare(subscription, { kind: 'room', id: room, head: roomSeq }, position)
    if (isRefusal(prepared)) return this.#owner.restart()
    if (prepared === null) return
    if (!person.isStillIn(prepared.feed)) return this.#gone(subscription, room)
    const { publications = [], ...result } = this.#finish(prepared, freshBudget())
    const { link, codec } = this.#owner
    const offset = (publications[0]?.offset ?? result.offset + 1) - 1
    const subscribe = { recoverable: true, positioned: true, epoch: result.epoch, offset } as const
    link.send(codec.push({ channel, subscribe }))
    if (publications.length > 0) link.send(codec.publications(channel, publications))
    this.#arrived(room)
  }

  /** Ends a subscription of the server or the client because the person is no member any more. */
  remove(room: string): void {
    const subscription = this.#byChannel.get(CHANNEL_OF.room(room))
    if (subscription?.state === 'live') subscription.ended('removed')
    else if (subscription) this.#gone(subscription, room)
  }

  #gone(subscription: Subscription, room: string): void {
    this.drop(subscription)
    this.#arrived(room)
  }

  /** Ends a subscription without a word. */
  drop(subscription: Subscription): void {
    if (subscription.state === 'ended') return
    subscription.state = 'ended'
    if (this.#byChannel.get(subscription.channel) === subscription) this.#byChannel.delete(subscription.channel)
    const { feed } = subscription
    if (!feed) return
    feed.audience.remove(subscription)
    this.#parts.feeds.release(feed)
  }

  /** Resolves when the connection has the room, or has it no more, or after `ms`. */
  until(room: string, ms: number): Promise<void> {
    if (this.#closed || this.#byChannel.get(CHANNEL_OF.room(room))?.state === 'live') return Promise.resolve()
    return new Promise((resolve) => {
      const cancel = this.#parts.clock.after(ms, () => done())
      const done = () => {
        cancel()
        this.#arrivals?.get(room)?.delete(done)
        if (this.#arrivals?.get(room)?.size === 0) this.#arrivals.delete(room)
        resolve()
      }
      this.#arrivals ??= new Map()
      const waiting = this.#arrivals.get(room) ?? new Set()
      waiting.add(done)
      this.#arrivals.set(room, waiting)
    })
  }

  /** Nobody needs to wait for this room: it is there, only counted, or gone again. */
  #arrived(room: string): void {
    for (const done of [...(this.#arrivals?.get(room) ?? [])]) done()
  }

  counted(room: string): void {
    this.#arrived(room)
  }

  dropAll(): void {
    for (const subscription of [...this.#byChannel.values()]) this.drop(subscription)
  }

  close(): void {
    this.#closed = true
    this.dropAll()
    for (const room of [...(this.#arrivals?.keys() ?? [])]) this.#arrived(room)
  }

  #reserve(channel: string, by: 'server' | 'client', since = 0): Subscription {
    const subscription = new Subscription(channel, by, { owner: this.#owner, holder: this, since })
    this.#byChannel.set(channel, subscription)
    return subscription
  }

  /** @returns null where the person has been removed from the room meanwhile: nobody waits for it any more. */
  async #prepare(subscription: Subscription, spec: FeedSpec, position: Position): Promise<Prepared | Refusal | null> {
    const { feeds, archive, events } = this.#parts
    const feed = await feeds.use(spec)
    if (isRefusal(feed)) {
      this.drop(subscription)
      return feed
    }
    if (isEnded(subscription)) {
      feeds.release(feed)
      return null
    }
    subscription.feed = feed
    feed.audience.expect(subscription)
    const recovery = new Recovery(feed, position, {
      archive,
      catchUp: (behind) => feeds.mend(behind, 'behind'),
      recovered: events.recovered,
    })
    try {
      await recovery.prepare()
    } catch {
      if (isEnded(subscription)) return null
      this.drop(subscription)
      return refuse('unavailable')
    }
    return isEnded(subscription) ? null : { subscription, feed, recovery }
  }

  #finish({ subscription, feed, recovery }: Prepared, budget: Budget): SubscribeResult {
    const result = recovery.finish(budget)
    subscription.go(feed)
    return result
  }
}
