import { socketAddress } from '@switchboard/client'
import { CentrifugeTransport } from '@switchboard/client/centrifuge-transport'
import { SwitchboardError } from '@switchboard/client/failure'
import { memoryOutboxStore, type OutboxStore } from '@switchboard/client/outbox-store'
import { Switchboard } from '@switchboard/client/switchboard'
import type { Connection, Publication } from '@switchboard/client/transport'
import { pause } from '@switchboard/runtime/deadline'
import type { Operation, Seen } from '@switchboard/testkit/history/records'
import type { BotClient, ClientOptions } from './bot-client.ts'
import { ClientView } from './client-view.ts'
import { commandOf, type Draft } from './operations.ts'
import type { HistoryPage } from './room-view.ts'
import { JournalingTransport } from './sdk-transport.ts'

const ROOM = 'room:'
const RECONNECT_MS_MIN = 200
const RECONNECT_MS_MAX = 4_000
const PAGE = 200
const HISTORY_RETRY_MS = 1_000

/** What a program keeps on its disk between two lives. */
export interface Kept {
  readonly store: OutboxStore
  readonly places: ReadonlyMap<string, number>
}

/** libs/client as an app uses it: what it hands to the app is what is seen; what it sends is written down under it. */
export class SdkClient implements BotClient {
  readonly client: string
  readonly view: ClientView
  readonly #options: ClientOptions
  readonly #store: OutboxStore
  readonly #places: Map<string, number>
  readonly #transport: JournalingTransport
  readonly #switchboard: Switchboard
  readonly #rooms = new Map<string, RoomOnTheWay>()
  readonly #ended = new AbortController()
  #isLooking = true
  #isStarted = false
  #performing = 0

  constructor(options: ClientOptions, kept: Kept = { store: memoryOutboxStore(), places: new Map() }) {
    this.#options = options
    this.#store = kept.store
    this.#places = new Map(kept.places)
    this.client = options.client
    const { journal, knowledge } = options
    const who = { client: options.client, user: knowledge.user }
    this.view = new ClientView({
      who,
      journal,
      knowledge,
      history: (room, after) => this.#history(room, after),
      library: { begin: (room, head) => this.#begin(room, head) },
    })
    const inner = new CentrifugeTransport({
      endpoint: socketAddress(options.url),
      token: options.token,
      websocket: WebSocket,
      reconnectMsMin: RECONNECT_MS_MIN,
      reconnectMsMax: RECONNECT_MS_MAX,
    })
    this.#transport = new JournalingTransport(inner, options)
    this.#watch()
    this.#switchboard = new Switchboard({ user: knowledge.user, transport: this.#transport, storage: kept.store })
  }

  get isConnected(): boolean {
    return this.view.isConnected
  }

  get inFlight(): number {
    return this.#performing + this.#transport.inFlight
  }

  get waiting(): number {
    const { outbox } = this.#switchboard
    const all = [...this.#options.knowledge.rooms.keys()].flatMap((room) => outbox.of(room))
    // A refused message stays until its writer throws it away.
    return all.filter(({ state }) => state === 'pending').length
  }

  connect(): void {
    if (this.#isStarted) this.#transport.connect()
    else void this.#switchboard.start()
    this.#isStarted = true
  }

  disconnect(): void {
    this.#transport.disconnect()
  }

  async perform(draft: Draft): Promise<void> {
    await this.#quietly(() => this.#do(draft))
  }

  async repeat(operation: Operation): Promise<void> {
    const { method, data } = commandOf(operation)
    await this.#quietly(() => this.#switchboard.call(method, data as never))
  }

  async setLooking(looking: boolean): Promise<void> {
    this.#isLooking = looking
    if (!looking) this.view.looking(false)
    this.#switchboard.setLooking(looking)
    if (looking && this.isConnected) this.view.looking(true)
  }

  async watchOnline(room: string): Promise<void> {
    try {
      this.view.online(room, (await this.#transport.rpc('room.online', { room })).online)
    } catch (error) {
      if (!(error instanceof SwitchboardError)) throw error
    }
  }

  /** The program ends and begins again, with what it had on its disk. */
  returnLost(client: string): BotClient {
    const places = this.view.positions
    this.end()
    const next = new SdkClient({ ...this.#options, client }, { store: this.#store, places })
    next.connect()
    return next
  }

  end(): void {
    this.#ended.abort()
    for (const { stop } of this.#rooms.values()) stop()
    this.#switchboard.end()
    this.#transport.end()
    this.view.close()
  }

  async #do(draft: Draft): Promise<void> {
    if (draft.name === 'create') {
      await this.#switchboard.create({ kind: draft.kind, title: 'made by a bot', members: [...draft.members] })
      return
    }
    const room = this.#switchboard.room(draft.room)
    switch (draft.name) {
      case 'send':
        await room.send(draft.text).settled
        return
      case 'edit':
        await room.edit(draft.seq, draft.text)
        return
      case 'delete':
        await room.delete(draft.seq)
        return
      case 'react':
        await room.react(draft.seq, draft.emoji, draft.on)
        return
      case 'read':
        room.markRead(draft.seq)
        return
      case 'join':
      case 'leave':
        await room[draft.name]()
        return
      case 'add':
      case 'remove':
        await room[draft.name](draft.user)
    }
  }

  /** A refusal, or giving up after half a minute, is in the journal already. */
  async #quietly(work: () => Promise<unknown>): Promise<void> {
    this.#performing++
    try {
      await work()
    } catch (error) {
      if (!(error instanceof SwitchboardError)) throw error
    } finally {
      this.#performing--
    }
  }

  /** Before the SDK itself listens, so that a publication is known to have come when the SDK hands its event on. */
  #watch(): void {
    this.#transport.on('connection', (connection) => this.#connection(connection))
    this.#transport.on('subscribed', ({ channel, offset, recovered }) => {
      this.view.subscribed({ channel, offset, recovered })
      if (recovered) this.#recovered(channel.slice(ROOM.length), offset)
    })
    this.#transport.on('unsubscribed', ({ channel }) => this.#unsubscribed(channel))
    this.#transport.on('publication', (publication) => this.#published(publication))
  }

  /** Opens the room in the SDK after the place of an earlier life, or after its head. */
  #begin(room: string, head: number): number {
    const since = this.#places.get(room) ?? head
    this.#places.delete(room)
    const handle = this.#switchboard.open(room, since)
    const onTheWay: RoomOnTheWay = { published: new Set(), recoveredTo: 0, stop: () => {} }
    const stops = [
      handle.on('event', (event) => this.view.event(room, event, howOf(onTheWay, event.seq))),
      handle.on('reset', () => this.view.reset(room, handle.lastSeen)),
    ]
    onTheWay.stop = () => {
      for (const stop of stops) stop()
    }
    this.#rooms.set(room, onTheWay)
    return since
  }

  #recovered(room: string, upTo: number): void {
    const onTheWay = this.#rooms.get(room)
    if (onTheWay) onTheWay.recoveredTo = upTo
  }

  #unsubscribed(channel: string): void {
    const room = channel.slice(ROOM.length)
    this.view.unsubscribed(channel)
    this.#rooms.get(room)?.stop()
    if (this.#rooms.delete(room)) this.#switchboard.close(room)
  }

  #published({ channel, offset, data }: Publication): void {
    if (offset === undefined) this.view.signal(channel, data)
    else this.#rooms.get(channel.slice(ROOM.length))?.published.add(offset)
  }

  async #history(room: string, after: number): Promise<HistoryPage | null> {
    while (!this.#ended.signal.aborted) {
      try {
        return await this.#switchboard.call('room.history', { room, after_seq: after, limit: PAGE })
      } catch (error) {
        if (!(error instanceof SwitchboardError)) throw error
        if (!error.retry) return null
      }
      await pause(HISTORY_RETRY_MS, this.#ended.signal)
    }
    return null
  }

  #connection({ state, code }: Connection): void {
    if (state === 'connected') {
      this.view.connected()
      if (!this.#isLooking) queueMicrotask(() => void this.setLooking(false))
    } else if (state === 'connecting') this.view.gone(code, false)
    else this.view.gone(code === 0 ? null : code, code !== 0)
  }
}

/** What the connection has brought and the SDK has not handed on yet. */
interface RoomOnTheWay {
  readonly published: Set<number>
  recoveredTo: number
  stop: () => void
}

/** What no publication brought, the SDK has read from history. */
function howOf({ published, recoveredTo }: RoomOnTheWay, seq: number): Seen['how'] {
  if (!published.delete(seq)) return 'history'
  return seq <= recoveredTo ? 'recovered' : 'live'
}
