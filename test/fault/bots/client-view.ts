import type { EventSeen, Seen } from '@switchboard/testkit/history/records'
import { type Journal, nowMs, type Who } from './journal.ts'
import type { Knowledge } from './knowledge.ts'
import { eventSeen } from './operations.ts'
import { type HistoryPage, RoomView } from './room-view.ts'

const ROOM = 'room:'

/** As both client libraries have it. */
export interface SubscribedTo {
  readonly channel: string
  readonly offset: number
  readonly recovered: boolean
}

export interface ClientViewOptions {
  readonly who: Who
  readonly journal: Journal
  readonly knowledge: Knowledge
  readonly history: (room: string, after: number) => Promise<HistoryPage | null>
  /** Set for a library that reads by itself what a reload leaves open, and may know a place from an earlier life. */
  readonly library?: {
    /** The room is subscribed, and its head is `head`. @returns after which seq the library will hand events on. */
    readonly begin: (room: string, head: number) => number
  }
}

/** What one connection sees, written down, and read from history where the server says that it must be. */
export class ClientView {
  readonly #options: ClientViewOptions
  readonly #rooms = new Map<string, RoomView>()
  /** The last seq of each room that was unsubscribed: a subscription of the client's own takes over from one of the server's. */
  readonly #left = new Map<string, number>()
  #connectedAtMs: number | null = null
  #seen = 0

  constructor(options: ClientViewOptions) {
    this.#options = options
  }

  get isConnected(): boolean {
    return this.#connectedAtMs !== null
  }

  /** Since when, without a break. */
  get connectedAtMs(): number | null {
    return this.#connectedAtMs
  }

  get seen(): number {
    return this.#seen
  }

  get whole(): boolean {
    return [...this.#rooms.values()].every((room) => room.whole)
  }

  /** The last seq of each room that is subscribed. */
  get positions(): ReadonlyMap<string, number> {
    return new Map([...this.#rooms].map(([room, view]) => [room, view.last]))
  }

  connected(): void {
    this.#connectedAtMs = nowMs()
    this.#write({ type: 'connection', state: 'connected' })
    // Whoever connects is looking until they say otherwise.
    this.#write({ type: 'looking', looking: true })
  }

  /** `code` of what closed it; none when this side did so on purpose. */
  gone(code: number | null, terminal: boolean): void {
    const was = this.isConnected
    this.#connectedAtMs = null
    if (code === null) this.#write({ type: 'connection', state: 'ended' })
    else if (was || terminal)
      this.#write({ type: 'connection', state: 'lost', code, ...(terminal ? { terminal } : {}) })
  }

  subscribed({ channel, offset, recovered }: SubscribedTo): void {
    if (!channel.startsWith(ROOM)) return
    const room = channel.slice(ROOM.length)
    this.#options.knowledge.subscribed(room, this.#options.who.client)
    const known = this.#rooms.get(room)
    const { library } = this.#options
    if (!known) {
      // Recovered, the events after the old place come next, and the head that is named is after them.
      const head = recovered ? (this.#left.get(room) ?? offset) : offset
      const from = library?.begin(room, head) ?? head
      this.#rooms.set(room, this.#view(room, from))
      this.#write({ type: 'subscribed', room, how: 'fresh', from })
    } else if (recovered) {
      this.#write({ type: 'subscribed', room, how: 'recovered', from: known.last, gap: offset - known.last })
      known.recovered(offset)
    } else {
      this.#write({ type: 'subscribed', room, how: 'reload', from: known.last })
      if (library === undefined) void known.reload(offset)
    }
  }

  /** The library has given up its place and begins at `head`: what lies between is read here. */
  reset(room: string, head: number): void {
    const known = this.#rooms.get(room)
    if (!known) return
    this.#write({ type: 'subscribed', room, how: 'reload', from: known.last })
    void known.reload(head)
  }

  unsubscribed(channel: string): void {
    if (!channel.startsWith(ROOM)) return
    const room = channel.slice(ROOM.length)
    const known = this.#rooms.get(room)
    if (known) this.#left.set(room, known.last)
    known?.close()
    this.#rooms.delete(room)
    this.#options.knowledge.unsubscribed(room, this.#options.who.client)
    this.#write({ type: 'unsubscribed', room })
  }

  publication(channel: string, offset: number | undefined, data: unknown): void {
    if (offset === undefined) this.signal(channel, data)
    else if (channel.startsWith(ROOM)) this.#rooms.get(channel.slice(ROOM.length))?.publication(eventSeen(data))
  }

  /** As the library handed it on. */
  event(room: string, event: unknown, how: Seen['how'] | undefined): void {
    this.#rooms.get(room)?.publication(eventSeen(event), how)
  }

  /** Who came and who went, and what another device has read. */
  signal(channel: string, data: unknown): void {
    const signal = data as {
      type: string
      online?: string[]
      offline?: string[]
      room?: string
      seq?: number
      unread?: number
    }
    if (signal.type === 'presence') {
      const room = channel.slice(ROOM.length)
      for (const who of signal.online ?? []) this.#write({ type: 'presence', room, who, online: true })
      for (const who of signal.offline ?? []) this.#write({ type: 'presence', room, who, online: false })
    }
    if (signal.type === 'read' && signal.room !== undefined)
      this.mark(signal.room, { read: signal.seq ?? Number.NaN, unread: signal.unread ?? Number.NaN })
  }

  mark(room: string, { read, unread }: { read: number; unread: number }): void {
    this.#write({ type: 'mark', room, read, unread })
  }

  online(room: string, users: readonly string[]): void {
    for (const who of users) this.#write({ type: 'presence', room, who, online: true })
  }

  looking(looking: boolean): void {
    this.#write({ type: 'looking', looking })
  }

  #saw(room: string, how: Seen['how'], event: EventSeen): void {
    this.#seen++
    this.#options.knowledge.saw(room, event)
    this.#write({ type: 'seen', room, how, event })
  }

  close(): void {
    for (const [room, view] of this.#rooms) {
      view.close()
      this.#options.knowledge.unsubscribed(room, this.#options.who.client)
    }
  }

  #view(room: string, from: number): RoomView {
    return new RoomView(from, {
      history: (after) => this.#options.history(room, after),
      saw: (how, event) => this.#saw(room, how, event),
    })
  }

  #write(entry: Record<string, unknown>): void {
    this.#options.journal.write({ ...this.#options.who, ...entry } as never)
  }
}
