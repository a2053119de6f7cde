import type { RoomEvent, Signal } from '@switchboard/contracts/events'
import type { MemberEntry, MethodName, Params, Result } from '@switchboard/contracts/methods'
import type { Clock } from './clock.ts'
import { untilAnswered } from './command.ts'
import { Emitter } from './emitter.ts'
import { ExpiringSet } from './expiring-set.ts'
import type { SwitchboardError } from './failure.ts'
import { type Online, OnlineWatch } from './online-watch.ts'
import type { Outbox, OutgoingMessage, Settled } from './outbox.ts'
import { ReadMark } from './read-mark.ts'
import { RoomSync, type SyncStatus } from './room-sync.ts'
import type { MessageItem, TimelineItem } from './timeline-item.ts'
import type { Transport } from './transport.ts'

const TYPING_SHOWN_MS = 6_000
const TYPING_SENT_MS = 3_000
const MEMBER_PAGES_MAX = 10

export interface RoomDeps {
  readonly me: string
  readonly clock: Clock
  readonly transport: Transport
  readonly outbox: Outbox
  readonly nextCid: () => string
  readonly onRead: (answer: { read: number; unread: number }) => void
}

export interface RoomEvents {
  /** Every event after the page that the room was loaded with, once each and in order; what came before is in `items`. */
  event: RoomEvent
  /** The timeline began anew, as too much was missed: there may be events that were never given to `event`. */
  reset: undefined
  /** Something that a view shows is different. */
  changed: undefined
}

export interface SendOptions {
  readonly reply_to?: number
  readonly mentions?: readonly string[]
  /** Of a conversation, what one has seen of it: refused with `conflict`, field `seen`, if a colleague has answered since. */
  readonly seen?: number
}

type RoomCommand = Extract<
  MethodName,
  | 'message.edit'
  | 'message.delete'
  | 'message.react'
  | 'room.update'
  | 'room.join'
  | 'room.leave'
  | 'room.add'
  | 'room.remove'
  | 'room.role'
>

/** One room. `open()` makes its timeline live; everything else works without. */
export class Room extends Emitter<RoomEvents> {
  readonly id: string
  readonly #deps: RoomDeps
  readonly #sync: RoomSync
  readonly #typing: ExpiringSet
  readonly #online: OnlineWatch
  readonly #mark: ReadMark
  readonly #receipts = new Map<string, number>()
  #typingSentAt = 0

  constructor(id: string, deps: RoomDeps) {
    super()
    this.id = id
    this.#deps = deps
    const changed = () => this.emit('changed', undefined)
    this.#sync = new RoomSync({
      clock: deps.clock,
      history: (query) => deps.transport.rpc('room.history', { room: id, ...query }),
      onEvents: (events) => this.#took(events),
      onReset: () => {
        this.#confirmShown()
        this.emit('reset', undefined)
        changed()
      },
      onStatus: changed,
    })
    this.#typing = new ExpiringSet(deps.clock, TYPING_SHOWN_MS, changed)
    this.#online = new OnlineWatch(deps.clock, () => deps.transport.rpc('room.online', { room: id }), changed)
    this.#mark = new ReadMark((seq) => deps.transport.rpc('mark.read', { room: id, seq }), deps.onRead)
    this.setConnected(deps.transport.connection.state === 'connected')
  }

  get status(): SyncStatus {
    return this.#sync.status
  }

  /** Why `status` is `failed`. */
  get error(): SwitchboardError | null {
    return this.#sync.error
  }

  /** Messages and notices in order, oldest first. A new array whenever it changed. */
  get items(): readonly TimelineItem[] {
    return this.#sync.timeline.items
  }

  /** What one has written here and the server has not confirmed, in order. */
  get outgoing(): readonly OutgoingMessage[] {
    return this.#deps.outbox.of(this.id)
  }

  /** Seq of the newest event in `items`. */
  get lastSeen(): number {
    return this.#sync.timeline.position
  }

  /** Whether nothing older than `items` exists. */
  get complete(): boolean {
    return this.#sync.timeline.complete
  }

  get typing(): readonly string[] {
    return this.#typing.names
  }

  get online(): Online {
    return this.#online.online
  }

  /** How far others have read, as far as was heard. */
  get receipts(): ReadonlyMap<string, number> {
    return this.#receipts
  }

  message(seq: number): MessageItem | undefined {
    return this.#sync.timeline.message(seq)
  }

  /** Loads the newest page, or everything after the seq `since`, and follows the room from there. */
  open(since?: number): void {
    this.#sync.open(since)
  }

  close(): void {
    this.#sync.close()
    this.#typing.clear()
  }

  /** One older page in front of `items`. @returns whether there may be more. @throws SwitchboardError */
  async history(): Promise<boolean> {
    const { first } = this.#sync.timeline
    const more = await untilAnswered(this.#deps.clock, () => this.#sync.older())
    if (this.#sync.timeline.first !== first) this.emit('changed', undefined)
    return more
  }

  /** Through the outbox: kept first, sent once. `settled` never rejects. @throws SwitchboardError when it cannot even be kept. */
  send(text: string, options: SendOptions = {}): { cid: string; settled: Promise<Settled> } {
    this.#typingSentAt = 0
    return this.#deps.outbox.add({ room: this.id, text, ...options })
  }

  /** @throws SwitchboardError, as all commands below. */
  edit(seq: number, text: string): Promise<{ seq: number }> {
    return this.#command('message.edit', { seq, text })
  }

  delete(seq: number): Promise<{ seq: number }> {
    return this.#command('message.delete', { seq })
  }

  react(seq: number, emoji: string, on: boolean): Promise<{ seq: number }> {
    return this.#command('message.react', { seq, emoji, on })
  }

  join(): Promise<{ seq: number }> {
    return this.#command('room.join', {})
  }

  leave(): Promise<{ seq: number }> {
    return this.#command('room.leave', {})
  }

  add(user: string): Promise<{ seq: number }> {
    return this.#command('room.add', { user })
  }

  remove(user: string): Promise<{ seq: number }> {
    return this.#command('room.remove', { user })
  }

  rename(title: string): Promise<{ seq: number }> {
    return this.#command('room.update', { title })
  }

  /** Everything up to `seq` was seen. Sent once per position, and again when a connection was lost on the way. */
  markRead(seq: number): void {
    this.#mark.move(seq)
  }

  /** Says that one is writing; as often as one likes, it is sent every few seconds at most. */
  sayTyping(): void {
    const now = this.#deps.clock.now()
    if (this.#deps.transport.connection.state !== 'connected' || now - this.#typingSentAt < TYPING_SENT_MS) return
    this.#typingSentAt = now
    this.#deps.transport.rpc('room.typing', { room: this.id }).catch(() => undefined)
  }

  /** Keeps `online` right until the returned function is called. */
  watchOnline(): () => void {
    return this.#online.watch()
  }

  /** @throws SwitchboardError */
  async members(): Promise<MemberEntry[]> {
    const members: MemberEntry[] = []
    for (let pages = 0; pages < MEMBER_PAGES_MAX; pages++) {
      const after = members.at(-1)?.user
      const query = after === undefined ? { room: this.id } : { room: this.id, after }
      const page = await this.#deps.transport.rpc('room.members', query)
      members.push(...page.members)
      if (!page.more) break
    }
    return members
  }

  /** Of this package: what the connection says about this room. */
  readonly feed = {
    sync: (): RoomSync => this.#sync,
    signal: (signal: Signal): void => this.#signal(signal),
    read: (seq: number): void => this.#mark.confirmed(seq),
    changed: (): void => this.emit('changed', undefined),
  }

  setConnected(connected: boolean): void {
    this.#sync.setConnected(connected)
    if (!connected) return
    this.#online.renew()
    void this.#mark.resume()
  }

  #command<Name extends RoomCommand>(method: Name, rest: Omit<Params<Name>, 'cid' | 'room'>): Promise<Result<Name>> {
    const params = { cid: this.#deps.nextCid(), room: this.id, ...rest } as unknown as Params<Name>
    return untilAnswered(this.#deps.clock, () => this.#deps.transport.rpc(method, params))
  }

  #took(events: readonly RoomEvent[]): void {
    for (const event of events) {
      if (event.type === 'message') {
        this.#typing.remove(event.from)
        this.#confirm(event)
      }
      this.emit('event', event)
    }
    this.emit('changed', undefined)
  }

  /** A message that is still in the outbox may be among those that history brought. */
  #confirmShown(): void {
    for (const item of this.items) if (item.kind === 'message') this.#confirm(item)
  }

  #confirm({ from, cid, seq, at }: { from: string; cid: string; seq: number; at: number }): void {
    if (from === this.#deps.me) this.#deps.outbox.confirm(cid, { seq, at })
  }

  #signal(signal: Signal): void {
    if (signal.type === 'typing' && signal.user !== this.#deps.me) this.#typing.put(signal.user)
    if (signal.type === 'presence') this.#online.signal(signal)
    if (signal.type === 'receipt') {
      this.#receipts.set(signal.user, Math.max(signal.seq, this.#receipts.get(signal.user) ?? 0))
      this.emit('changed', undefined)
    }
  }
}
