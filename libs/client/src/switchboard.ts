import type { DeskEvent, OfferEvent } from '@switchboard/contracts/desk-events'
import type { Signal, UserEvent } from '@switchboard/contracts/events'
import type { MethodName, Params, PresenceEntry, Result } from '@switchboard/contracts/methods'
import { AgentDesk, deskChannel } from './agent-desk.ts'
import { cidSource } from './cid.ts'
import { type Clock, systemClock } from './clock.ts'
import { untilAnswered } from './command.ts'
import { Emitter } from './emitter.ts'
import { Outbox } from './outbox.ts'
import { memoryOutboxStore, type OutboxStore } from './outbox-store.ts'
import { Room } from './room.ts'
import { RoomList } from './room-list.ts'
import { asRoomEvent } from './timeline-item.ts'
import type { Connection, Publication, Transport } from './transport.ts'

const ROOM = 'room:'
const USER = 'user:'
const DESK = 'desk:'
/** A room that was just made or joined is on its way to this connection. */
const FOLLOW_MS = 1_000

export interface SwitchboardOptions {
  /** The user's id, as the log-in answered it. */
  readonly user: string
  readonly transport: Transport
  readonly storage?: OutboxStore
  readonly clock?: Clock
  readonly onStoreError?: (error: unknown) => void
}

export interface SwitchboardEvents {
  connection: Connection
  /** One was made a member of a room, or is none any more. */
  roomAdded: { readonly room: string }
  roomRemoved: { readonly room: string }
  /** A message of one's own was refused. */
  failed: { readonly room: string; readonly cid: string }
  /** A conversation is offered to one, at any desk. */
  offer: Extract<OfferEvent, { type: 'offer' }>
  offerGone: Extract<OfferEvent, { type: 'offer.gone' }>
}

/** A person's connection: rooms, their timelines, and an outbox that survives. */
export class Switchboard extends Emitter<SwitchboardEvents> implements AsyncDisposable {
  readonly user: string
  readonly rooms: RoomList
  readonly outbox: Outbox
  readonly #transport: Transport
  readonly #clock: Clock
  readonly #nextCid: () => string
  readonly #handles = new Map<string, Room>()
  readonly #desks = new Map<string, AgentDesk>()
  readonly #subscribed = new Set<string>()
  readonly #stop: (() => void)[] = []
  readonly #follows = new Set<() => void>()

  constructor(options: SwitchboardOptions) {
    super()
    this.user = options.user
    this.#transport = options.transport
    this.#clock = options.clock ?? systemClock
    this.#nextCid = cidSource(this.#clock)
    this.rooms = new RoomList({
      me: options.user,
      clock: this.#clock,
      read: () => this.#transport.rpc('room.list', {}),
    })
    this.outbox = new Outbox({
      clock: this.#clock,
      store: options.storage ?? memoryOutboxStore(),
      nextCid: this.#nextCid,
      send: ({ at: _at, failure: _failure, mentions, ...message }) =>
        this.#transport.rpc('message.send', {
          ...message,
          ...(mentions === undefined ? {} : { mentions: [...mentions] }),
        }),
      onStoreError: options.onStoreError ?? (() => undefined),
    })
    this.#listen()
  }

  get connection(): Connection {
    return this.#transport.connection
  }

  /** Takes up the outbox of the last run and connects. */
  async start(): Promise<void> {
    await this.outbox.load()
    this.#transport.connect()
  }

  /** The handle of a room, always the same one. Nothing is loaded before its `open()`. */
  room(id: string): Room {
    const known = this.#handles.get(id)
    if (known) return known
    const room = new Room(id, {
      me: this.user,
      clock: this.#clock,
      transport: this.#transport,
      outbox: this.outbox,
      nextCid: this.#nextCid,
      onRead: (answer) => this.rooms.read(id, answer),
    })
    this.#handles.set(id, room)
    return room
  }

  /** Opens a room and, where the server did not subscribe it by itself, subscribes it. */
  open(id: string, since?: number): Room {
    const room = this.room(id)
    room.open(since)
    this.#follow(id)
    return room
  }

  /** Follows a desk as one of its agents. The handle of a desk is always the same one. */
  desk(id: string): AgentDesk {
    const known = this.#desks.get(id)
    if (known) return known
    const deps = { me: this.user, clock: this.#clock, transport: this.#transport, nextCid: this.#nextCid }
    const desk = new AgentDesk(id, deps)
    this.#desks.set(id, desk)
    this.#transport.watch(deskChannel(id))
    return desk
  }

  /** Ends what `desk` began. */
  leaveDesk(id: string): void {
    this.#transport.unwatch(deskChannel(id))
    this.#desks.get(id)?.feed.close()
    this.#desks.delete(id)
  }

  /** Ends what `open` began; the room stays in the list. */
  close(id: string): void {
    this.#handles.get(id)?.close()
    this.#transport.unwatch(ROOM + id)
  }

  /** @returns its id. A direct room that exists already is answered again. @throws SwitchboardError */
  async create(room: Omit<Params<'room.create'>, 'cid'>): Promise<string> {
    const created = await this.call('room.create', { cid: this.#nextCid(), ...room })
    this.rooms.refresh(0)
    return created.room
  }

  /** @throws SwitchboardError */
  async presence(users: readonly string[]): Promise<PresenceEntry[]> {
    return (await this.#transport.rpc('presence.get', { users: [...users] })).users
  }

  /** Whether somebody is in front of this connection: pushes to phones follow from it. Lost when the connection is. */
  setLooking(looking: boolean): void {
    if (this.connection.state !== 'connected') return
    this.#transport.rpc('presence.set', { state: looking ? 'foreground' : 'background' }).catch(() => undefined)
  }

  /** Any method of the protocol, tried until it is answered. @throws SwitchboardError */
  call<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>> {
    return untilAnswered(this.#clock, () => this.#transport.rpc(method, params))
  }

  /** The newest seq of each open room: what a process keeps, to give it to `open` as `since` in its next life. */
  get lastSeen(): Record<string, number> {
    const open = [...this.#handles.values()].filter((room) => room.status !== 'idle')
    return Object.fromEntries(open.map((room) => [room.id, room.lastSeen]))
  }

  /** Ends the connection. What is in the outbox stays in its store. */
  end(): void {
    for (const stop of [...this.#stop, ...this.#follows]) stop()
    this.#transport.disconnect()
    this.outbox.close()
    this.rooms.close()
    for (const room of this.#handles.values()) room.close()
    for (const desk of this.#desks.values()) desk.feed.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
  }

  #listen(): void {
    const { outbox, rooms } = this
    const transport = this.#transport
    this.#stop.push(
      transport.on('connection', (connection) => this.#connection(connection)),
      transport.on('subscribed', (subscribed) => {
        this.#subscribed.add(subscribed.channel)
        if (subscribed.channel.startsWith(ROOM)) this.#sync(subscribed.channel)?.subscribed(subscribed)
        else this.#deskOf(subscribed.channel)?.feed.subscribed(subscribed)
      }),
      transport.on('unsubscribed', ({ channel }) => {
        this.#subscribed.delete(channel)
        if (channel.startsWith(ROOM)) rooms.refresh()
        else this.#deskOf(channel)?.feed.refused()
      }),
      transport.on('publication', (publication) => this.#publication(publication)),
      outbox.on('changed', ({ room }) => this.#handles.get(room)?.feed.changed()),
      outbox.on('sent', ({ room, seq }) => this.#handles.get(room)?.feed.sync().noteHead(seq)),
      rooms.on('read', (entries) => {
        for (const { room, head } of entries) this.#handles.get(room)?.feed.sync().noteHead(head)
      }),
    )
  }

  #connection(connection: Connection): void {
    const connected = connection.state === 'connected'
    if (!connected) this.#subscribed.clear()
    this.outbox.setConnected(connected)
    this.rooms.setConnected(connected)
    for (const desk of this.#desks.values()) desk.feed.connected(connected)
    for (const room of this.#handles.values()) {
      room.setConnected(connected)
      if (connected && room.status !== 'idle') this.#follow(room.id)
    }
    this.emit('connection', connection)
  }

  /** The server's own subscriptions come by themselves; a room that is not among them after a moment is asked for by name. */
  #follow(id: string): void {
    const cancel = this.#clock.after(FOLLOW_MS, () => {
      this.#follows.delete(cancel)
      if (this.connection.state !== 'connected' || this.#subscribed.has(ROOM + id)) return
      if (this.#handles.get(id)?.status !== 'idle') this.#transport.watch(ROOM + id)
    })
    this.#follows.add(cancel)
  }

  #sync(channel: string) {
    return this.#handles.get(channel.slice(ROOM.length))?.feed.sync()
  }

  #deskOf(channel: string): AgentDesk | undefined {
    return channel.startsWith(DESK) ? this.#desks.get(channel.slice(DESK.length)) : undefined
  }

  #publication({ channel, offset, data }: Publication): void {
    if (channel.startsWith(USER)) this.#personal(data)
    else if (channel.startsWith(ROOM)) this.#inRoom(channel.slice(ROOM.length), { offset, data })
    else if (offset !== undefined) this.#deskOf(channel)?.feed.publication(data as DeskEvent)
  }

  #inRoom(id: string, { offset, data }: { offset: number | undefined; data: unknown }): void {
    const room = this.#handles.get(id)
    const event = asRoomEvent(data)
    if (offset === undefined) room?.feed.signal(data as Signal)
    if (offset === undefined || !event) return
    this.rooms.event(id, event)
    room?.feed.sync().publication(event)
    if (event.type === 'message' && event.from === this.user) this.outbox.confirm(event.cid, event)
  }

  #personal(data: unknown): void {
    const event = data as UserEvent | Signal
    switch (event.type) {
      case 'room.added':
        this.rooms.refresh(0)
        if (this.#handles.get(event.room)?.status === 'failed') this.open(event.room)
        this.emit('roomAdded', { room: event.room })
        return
      case 'room.removed':
        this.rooms.removed(event.room)
        this.emit('roomRemoved', { room: event.room })
        return
      case 'offer':
        this.emit('offer', event)
        return
      case 'offer.gone':
        this.emit('offerGone', event)
        return
      case 'read':
        this.rooms.read(event.room, { read: event.seq, unread: event.unread })
        this.#handles.get(event.room)?.feed.read(event.seq)
        return
      case 'room.changed':
        this.rooms.refresh()
        this.#handles.get(event.room)?.feed.sync().noteHead(event.head)
        return
      default:
    }
  }
}
