import type { RoomEvent } from '@switchboard/contracts/events'
import type { RoomEntry } from '@switchboard/contracts/methods'
import { type BackOff, backOffMs } from './back-off.ts'
import type { Clock } from './clock.ts'
import { Emitter } from './emitter.ts'
import { fromProtocol } from './failure.ts'
import { afterEvent, afterRead, byRecency, merged } from './room-list-fold.ts'

/** Two readings are at least this far apart: rooms that only count may change every second. */
const APART_MS = 3_000
const RETRY: BackOff = { firstMs: 500, longestMs: 15_000 }

export interface RoomListDeps {
  readonly me: string
  readonly clock: Clock
  readonly read: () => Promise<{ rooms: RoomEntry[] }>
}

interface RoomListEvents {
  changed: undefined
  /** The list was read anew: heads that a room's timeline may not have heard of. */
  read: readonly RoomEntry[]
}

/** One's rooms, kept right by events and signals, and read anew whenever those cannot suffice. */
export class RoomList extends Emitter<RoomListEvents> {
  readonly #deps: RoomListDeps
  #entries = new Map<string, RoomEntry>()
  #sorted: readonly RoomEntry[] | null = null
  #loaded = false
  #connected = false
  #wanted = false
  #busy = false
  #attempts = 0
  #lastAt = 0
  #cancel: (() => void) | null = null

  constructor(deps: RoomListDeps) {
    super()
    this.#deps = deps
  }

  /** Most recent first. */
  get all(): readonly RoomEntry[] {
    this.#sorted ??= byRecency(this.#entries.values())
    return this.#sorted
  }

  /** Whether it was read at least once. */
  get loaded(): boolean {
    return this.#loaded
  }

  get unread(): number {
    return this.all.reduce((sum, entry) => sum + entry.unread, 0)
  }

  get(room: string): RoomEntry | undefined {
    return this.#entries.get(room)
  }

  setConnected(connected: boolean): void {
    this.#connected = connected
    if (connected) this.refresh(0)
    else this.#stopTimer()
  }

  event(room: string, event: RoomEvent): void {
    const entry = this.#entries.get(room)
    const after = entry ? afterEvent(entry, event, this.#deps.me) : 'stale'
    if (after === 'stale') this.refresh()
    else if (after === 'gone') this.removed(room)
    else if (after !== entry) this.#put(after)
  }

  read(room: string, { read, unread }: { read: number; unread: number }): void {
    const entry = this.#entries.get(room)
    if (entry) this.#put(afterRead(entry, read, unread))
  }

  removed(room: string): void {
    if (this.#entries.delete(room)) this.#changed()
  }

  /** Something happened that only the server can tell in full. */
  refresh(apartMs: number = APART_MS): void {
    this.#wanted = true
    if (!this.#connected || this.#busy) return
    const wait = Math.max(0, this.#lastAt + apartMs - this.#deps.clock.now())
    if (wait === 0) {
      this.#stopTimer()
      void this.#read()
    } else {
      this.#cancel ??= this.#deps.clock.after(wait, () => this.refresh(0))
    }
  }

  close(): void {
    this.setConnected(false)
  }

  async #read(): Promise<void> {
    this.#busy = true
    this.#wanted = false
    try {
      const { rooms } = await this.#deps.read()
      this.#lastAt = this.#deps.clock.now()
      this.#attempts = 0
      this.#entries = merged(this.#entries, rooms)
      this.#loaded = true
      this.#changed()
      this.emit('read', rooms)
    } catch (error) {
      this.#wanted = fromProtocol(error).retry
      this.#lastAt = this.#deps.clock.now() + backOffMs(this.#attempts++, RETRY, this.#deps.clock.random())
    }
    this.#busy = false
    if (this.#wanted) this.refresh()
  }

  #put(entry: RoomEntry): void {
    this.#entries.set(entry.room, entry)
    this.#changed()
  }

  #changed(): void {
    this.#sorted = null
    this.emit('changed', undefined)
  }

  #stopTimer(): void {
    this.#cancel?.()
    this.#cancel = null
  }
}
