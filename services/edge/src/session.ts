import type { CloseName } from '@switchboard/contracts/close-codes'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { CHANNEL_OF, type RawCommand } from '@switchboard/contracts/protocol'
import { noTimer } from './clock.ts'
import type { Codec } from './codec.ts'
import { CountedRooms } from './counted-rooms.ts'
import type { Link } from './link.ts'
import { oversizeRefusal } from './oversize.ts'
import type { Person, Present } from './person.ts'
import { Bucket } from './rate.ts'
import type { Counting } from './room-changes.ts'
import { runCommand } from './session-commands.ts'
import { type Attempt, connect } from './session-connect.ts'
import type { SessionParts } from './session-parts.ts'
import type { Owner } from './subscription.ts'
import { Subscriptions } from './subscriptions.ts'
import type { Identity } from './tokens.ts'

/** After a token's time: the client refreshes at its end, and that takes a moment. */
const EXPIRY_GRACE_MS = 25_000
/** Connect commands of one connection, with one token or another. */
const CONNECTS_MAX = 3
/** So many bytes of a frame cost as much as another frame. */
const FRAME_BYTES = 4_096
/** Between two typing signals of one connection in one room. */
const TYPING_MS = 1_000

/** One connection as a state machine, whatever carries it: frames come in, replies and pushes go out through its link. */
export class Session implements Owner, Present, Counting {
  readonly client: string
  readonly link: Link
  readonly codec: Codec
  readonly subscriptions: Subscriptions
  readonly counted: CountedRooms
  readonly parts: SessionParts
  /** What the client says of its own trace. */
  trace: string | undefined
  /** Called when it ends. */
  ended = noTimer
  readonly #bucket: Bucket
  readonly #frames: Bucket
  #state: 'new' | 'connecting' | 'ready' | 'closed' = 'new'
  #identity: Identity | null = null
  #person: Person | null = null
  #foreground = true
  /** Heard since the last ping. */
  #heard = true
  #queue: RawCommand[] = []
  #added: (readonly [room: string, roomSeq: number])[] = []
  #connects = 0
  #inFlight = 0
  #typedAt: Map<string, number> | null = null
  #refused = 0
  #isLeaving = false
  #cancelDeadline = noTimer
  #cancelExpiry = noTimer

  constructor(link: Link, codec: Codec, parts: SessionParts) {
    this.client = parts.newId()
    this.link = link
    this.codec = codec
    this.parts = parts
    this.subscriptions = new Subscriptions(this, parts)
    this.counted = new CountedRooms(this, parts)
    const now = parts.clock.steady()
    this.#bucket = new Bucket({ perSecond: MAX.commandsPerSecond, burst: MAX.commandsBurst }, now)
    this.#frames = new Bucket({ perSecond: MAX.framesPerSecond, burst: MAX.framesBurst }, now)
    this.#awaitConnect()
  }

  get user(): string {
    return this.identity.user
  }
  /** Who this is. Only after connecting. */
  get identity(): Identity {
    if (!this.#identity) throw new Error('a session was used before it was connected')
    return this.#identity
  }
  get person(): Person {
    if (!this.#person) throw new Error('a session was used before it was connected')
    return this.#person
  }
  get isReady(): boolean {
    return this.#state === 'ready'
  }
  get isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** Something came in, whether it says something or not. @returns false if it was too much, and the connection has ended. */
  arrived(bytes: number): boolean {
    if (this.#state === 'closed') return false
    if (this.#frames.take(this.parts.clock.steady(), 1 + Math.floor(bytes / FRAME_BYTES)) === 0) return true
    this.close('flood')
    return false
  }

  /** One frame from the client. */
  receive(frame: Uint8Array): void {
    if (!this.arrived(frame.byteLength)) return
    this.#heard = true
    const commands = this.codec.decode(frame)
    if (commands === null || commands.length > MAX.frameCommands) {
      this.#broken()
      return
    }
    const isOversize = this.#state !== 'new' && frame.byteLength > MAX.frameBytes
    for (const command of commands) {
      if (this.isClosed) return
      if (command.name === null && command.id === 0) continue
      if (command.id === 0 && command.name !== 'send') this.#broken()
      else if (isOversize) this.#answer(command.id, oversizeRefusal(command))
      else this.#accept(command)
    }
  }

  /** The client is gone. */
  closed(reason: CloseName | 'client'): void {
    if (this.#state === 'closed') return
    const wasReady = this.#state === 'ready'
    this.#state = 'closed'
    this.#cancelDeadline()
    this.#queue = []
    this.subscriptions.close()
    this.counted.close()
    if (wasReady) this.parts.presence.remove(this.user, this.#foreground)
    this.parts.changes.forget(this)
    this.#forgetIdentity()
    this.parts.sessions.remove(this)
    this.ended()
    this.parts.events.closed(this.link.transport, reason)
  }

  close(name: CloseName): void {
    if (this.#state === 'closed') return
    this.closed(name)
    this.link.close(name)
  }

  /** This edge goes away: nothing new is begun, what is under way is still answered, and then it ends. */
  leave(): void {
    this.#isLeaving = true
    for (const { id } of this.#queue.splice(0)) this.#answer(id, refuse('unavailable'))
    if (this.#inFlight === 0) this.close('shutdown')
  }

  restart(): void {
    this.close('insufficient_state')
  }

  lost(): void {
    this.parts.people.forget(this.user)
    this.restart()
  }

  roomAdded(room: string, roomSeq: number): void {
    if (this.#state !== 'ready') this.#added.push([room, roomSeq])
    else if (this.subscriptions.size < MAX.connectionRooms) void this.subscriptions.add(this.person, room, roomSeq)
    else {
      this.subscriptions.counted(room)
      void this.counted.add([{ room, head: roomSeq, at: 0 }])
    }
  }

  changed(lines: Uint8Array): void {
    this.link.signal(this.codec.signals(CHANNEL_OF.user(this.user), lines))
  }

  roomRemoved(room: string): void {
    this.subscriptions.remove(room)
    this.counted.remove(room)
  }

  /** A ping goes out. @returns false if the one before was not answered. */
  ping(): void {
    if (this.#state !== 'ready') return
    this.#heard = false
    this.link.send(this.codec.ping)
  }

  get hasAnsweredPing(): boolean {
    return this.#state !== 'ready' || this.#heard
  }

  /** Tells a room that its person is writing. More often than every few seconds says nothing new. */
  typing(room: string): Refusal | object {
    if (!this.person.isMember(room)) return refuse('not_a_member', { field: 'room' })
    const now = this.parts.clock.steady()
    if (now - (this.#typedAt?.get(room) ?? Number.NEGATIVE_INFINITY) < TYPING_MS) return {}
    if (this.#typedAt === null || this.#typedAt.size >= MAX.connectionRooms) this.#typedAt = new Map()
    this.#typedAt.set(room, now)
    this.parts.typing(room, this.user)
    return {}
  }

  setForeground(foreground: boolean): void {
    if (this.#foreground === foreground) return
    this.#foreground = foreground
    this.parts.presence.setForeground(this.user, foreground)
  }

  /** The token in use from now on: the connection ends a little after it. */
  identify(identity: Identity): void {
    const { clock, sessions } = this.parts
    if (!this.#identity) sessions.identified(identity.user, this)
    this.#identity = identity
    this.#cancelExpiry()
    const ms = identity.expiresAt - clock.now() + EXPIRY_GRACE_MS
    this.#cancelExpiry = clock.after(ms, () => this.close('expired'))
  }

  #accept(command: RawCommand): void {
    if (this.#state === 'connecting') {
      // What a client sends right behind its connect command waits for it.
      if (this.#queue.length >= MAX.frameCommands) this.#broken()
      else this.#queue.push(command)
    } else if (this.#state === 'ready') void this.#run(command)
    else if (command.name === 'connect' && this.#connects < CONNECTS_MAX) void this.#connect(command)
    else this.#broken()
  }

  async #connect(command: RawCommand): Promise<void> {
    this.#state = 'connecting'
    this.#connects += 1
    // From here on it is our turn: a slow answer of ours is no fault of the client.
    this.#cancelDeadline()
    this.#cancelDeadline = noTimer
    const attempt: Attempt = {
      joined: (person) => {
        this.#person = person
      },
      ready: () => {
        this.#state = 'ready'
        this.parts.presence.add(this.user)
      },
    }
    const refusal = await connect(this, command, attempt)
    if (this.isClosed) return
    const [added, queue] = [this.#added, this.#queue]
    this.#added = []
    this.#queue = []
    if (refusal !== null) {
      this.#state = 'new'
      this.#awaitConnect()
      this.subscriptions.dropAll()
      this.#forgetIdentity()
      this.#answer(command.id, refusal)
      for (const { id } of queue) this.#answer(id, refuse('unauthorized'))
      return
    }
    this.parts.events.command('uplink', 'done')
    for (const [room, roomSeq] of added) if (this.person.isMember(room)) this.roomAdded(room, roomSeq)
    for (const each of queue) void this.#run(each)
  }

  #awaitConnect(): void {
    this.#cancelDeadline = this.parts.clock.after(MAX.connectSeconds * 1_000, () => this.close('stale'))
  }

  #forgetIdentity(): void {
    this.#cancelExpiry()
    if (!this.#identity) return
    this.parts.people.leave(this.user, this)
    this.parts.sessions.forget(this.user, this)
    this.#identity = null
  }

  async #run(command: RawCommand): Promise<void> {
    if (this.isClosed) return
    if (this.#isLeaving) return this.#answer(command.id, refuse('unavailable'))
    const waitMs = this.#bucket.take(this.parts.clock.steady())
    if (waitMs > 0) {
      this.#refused += 1
      if (this.#refused > MAX.refusedCommands) return this.close('busy')
      return this.#answer(command.id, refuse('too_many_requests', { after_ms: waitMs }))
    }
    if (this.#inFlight >= MAX.requestsInFlight) return this.#answer(command.id, refuse('too_many_requests'))
    this.#inFlight += 1
    try {
      const refusal = await runCommand(this, command)
      if (isRefusal(refusal)) this.#answer(command.id, refusal)
      else this.parts.events.command('uplink', 'done')
    } finally {
      this.#inFlight -= 1
      if (this.#isLeaving && this.#inFlight === 0) this.close('shutdown')
    }
  }

  #answer(id: number, refusal: Refusal): void {
    if (this.isClosed || id === 0) return
    this.parts.events.command('uplink', refusal.code)
    this.link.send(this.codec.error(id, refusal))
  }

  #broken(): void {
    this.parts.events.frameBroken(this.link.address)
    this.close('bad_request')
  }
}
