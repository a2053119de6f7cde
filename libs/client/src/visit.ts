import type { ConversationStatus } from '@switchboard/contracts/desks'
import type { MethodName, Params, Result, RoomEntry } from '@switchboard/contracts/methods'
import { CentrifugeTransport } from './centrifuge-transport.ts'
import { cidSource } from './cid.ts'
import { type Clock, systemClock } from './clock.ts'
import { Emitter } from './emitter.ts'
import { type Visitor, visit } from './http.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { Room } from './room.ts'
import { socketAddress } from './socket-address.ts'
import { Switchboard } from './switchboard.ts'
import type { Transport } from './transport.ts'
import { afterAnswer, afterItems, isWaiting, type VisitStatus } from './visit-fold.ts'

export type DeskInfo = Result<'desk.info'>

/** Where a visitor's identity survives: the newest token of theirs. Who has it is that visitor. */
export interface IdentityStore {
  load(): string | undefined
  keep(identity: string): void
}

export interface VisitOptions {
  readonly url: string
  readonly visitor: Pick<Visitor, 'desk' | 'name'>
  readonly identity?: IdentityStore
  readonly storage?: OutboxStore
  readonly clock?: Clock
  /** For runtimes that have no WebSocket of their own. */
  readonly websocket?: unknown
  /** Puts something between this and its connection, for who must see what passes. */
  readonly wrap?: (connection: Transport, user: string) => Transport
}

export type EnterOptions = Pick<Params<'desk.enter'>, 'form' | 'context'>

const ASK_AGAIN_MS = 10_000

/** A visitor at a desk: one conversation at a time, taken up again by whoever has the same identity. */
export class Visit extends Emitter<{ changed: undefined }> implements AsyncDisposable {
  readonly desk: string
  readonly board: Switchboard
  readonly #clock: Clock
  readonly #nextCid: () => string
  #info: DeskInfo | null = null
  #status: VisitStatus = null
  #room: Room | null = null
  #found = false
  #stopAsking: () => void = () => {}
  #stopRoom: () => void = () => {}

  private constructor(desk: string, board: Switchboard, clock: Clock) {
    super()
    this.desk = desk
    this.board = board
    this.#clock = clock
    this.#nextCid = cidSource(clock)
    board.on('connection', ({ state }) => {
      if (state === 'connected') void this.#refresh()
      this.#changed()
    })
    board.rooms.on('changed', () => this.#find())
  }

  /** Connects as the person of the stored identity, or as somebody new. @throws SwitchboardError */
  static async begin({ identity, url, visitor, ...options }: VisitOptions): Promise<Visit> {
    const clock = options.clock ?? systemClock
    let newest = identity?.load()
    const fetchToken = async () => {
      const reply = await visit(url, newest === undefined ? visitor : { ...visitor, identity: newest })
      newest = reply.token
      identity?.keep(reply.token)
      return reply
    }
    const { token, user } = await fetchToken()
    const connection = new CentrifugeTransport({
      endpoint: socketAddress(url),
      token,
      getToken: async () => (await fetchToken()).token,
      ...(options.websocket === undefined ? {} : { websocket: options.websocket }),
    })
    const { storage, wrap } = options
    const transport = wrap ? wrap(connection, user) : connection
    const board = new Switchboard({ user, transport, clock, ...(storage === undefined ? {} : { storage }) })
    const begun = new Visit(visitor.desk, board, clock)
    await board.start()
    return begun
  }

  /** What anybody may know of the desk; null until it was heard. */
  get info(): DeskInfo | null {
    return this.#info
  }

  /** The conversation, null where there is none. */
  get status(): ConversationStatus | null {
    return this.#status
  }

  /** Its room, where there is one; live. */
  get room(): Room | null {
    return this.#room
  }

  /** Whether it is known if there is a conversation. */
  get isReady(): boolean {
    return this.#found
  }

  get unread(): number {
    return this.#room ? (this.board.rooms.get(this.#room.id)?.unread ?? 0) : 0
  }

  /** Begins a conversation, or returns to the one that is open. @throws SwitchboardError */
  async enter(options: EnterOptions = {}): Promise<Room> {
    const answer = await this.#call('desk.enter', { cid: this.#nextCid(), desk: this.desk, ...options })
    return this.#take(answer)
  }

  /** Ends the conversation. @throws SwitchboardError */
  async leave(): Promise<void> {
    const { conversation } = this.#standing()
    this.#take(await this.#call('desk.leave', { cid: this.#nextCid(), conversation }))
  }

  /** Says how it was, from 1 to 5. @throws SwitchboardError */
  async rate(score: number, comment?: string): Promise<void> {
    const { conversation } = this.#standing()
    const rest = comment === undefined || comment === '' ? { score } : { score, comment }
    this.#take(await this.#call('desk.rate', { cid: this.#nextCid(), conversation, ...rest }))
  }

  end(): void {
    this.#stopAsking()
    this.#stopRoom()
    this.board.end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end()
  }

  #standing(): ConversationStatus {
    if (this.#status === null) throw new Error('there is no conversation')
    return this.#status
  }

  /** The newest of the visitor's conversations is the one that goes on. */
  #find(): void {
    if (this.#found || !this.board.rooms.loaded) return
    this.#found = true
    const newest = this.board.rooms.all.find(({ kind, room }: RoomEntry) => this.#isOurs(kind, room))
    if (newest && this.#room === null) this.#open(newest.room)
    void this.#refresh()
    this.#changed()
  }

  #isOurs = (kind: string, room: string): boolean => kind === 'conversation' && room.startsWith(`${this.desk}-`)

  #open(id: string): void {
    if (this.#room?.id === id) return
    this.#stopRoom()
    const room = this.board.open(id)
    this.#room = room
    this.#stopRoom = room.on('changed', () => {
      this.#enter(afterItems(this.#status, room.items))
      this.#changed()
    })
  }

  #take(answer: ConversationStatus): Room {
    this.#open(answer.conversation)
    this.#enter(afterAnswer(this.#status, answer))
    return this.board.room(answer.conversation)
  }

  #enter(status: VisitStatus): void {
    if (status === this.#status) return
    const asks = isWaiting(status) && status?.position === undefined
    this.#status = status
    if (asks) void this.#refresh()
    this.#changed()
  }

  /** How the conversation and the desk stand; asked again while it is worth knowing. */
  async #refresh(): Promise<void> {
    this.#stopAsking()
    const id = this.#room?.id
    try {
      const [info, position] = await Promise.all([
        this.board.call('desk.info', { desk: this.desk }),
        id === undefined ? null : this.board.call('desk.position', { conversation: id }),
      ])
      this.#info = info
      if (position !== null) {
        const { ask_again_ms, ...answer } = position
        const status = afterItems(afterAnswer(this.#status, answer), this.#room?.items ?? [])
        this.#status = status
        if (isWaiting(status)) this.#askIn(ask_again_ms)
      }
      this.#changed()
    } catch {
      this.#askIn(ASK_AGAIN_MS)
    }
  }

  #askIn(ms: number): void {
    this.#stopAsking()
    this.#stopAsking = this.#clock.after(ms, () => {
      if (this.board.connection.state === 'connected') void this.#refresh()
    })
  }

  #call<Name extends MethodName>(method: Name, params: Params<Name>): Promise<Result<Name>> {
    return this.board.call(method, params)
  }

  #changed(): void {
    this.emit('changed', undefined)
  }
}
