import type { RoomEvent } from '@switchboard/contracts/events'
import { type BackOff, backOffMs } from './back-off.ts'
import type { Clock } from './clock.ts'
import { fromProtocol, type SwitchboardError } from './failure.ts'
import { type Page, Timeline } from './timeline.ts'
import type { Subscribed } from './transport.ts'

/** `idle`: nobody asked for this room. `live`: everything up to the newest event is in the timeline. */
export type SyncStatus = 'idle' | 'loading' | 'live' | 'failed'

export interface HistoryQuery {
  readonly after_seq?: number
  readonly before_seq?: number
  readonly limit: number
}

export interface SyncDeps {
  readonly clock: Clock
  readonly history: (query: HistoryQuery) => Promise<Page>
  /** Events that came into the timeline at its end, each once and in order. */
  readonly onEvents: (events: readonly RoomEvent[]) => void
  /** The timeline began anew: what was between its old end and its new beginning was not seen. */
  readonly onReset: () => void
  readonly onStatus: () => void
}

const FIRST_PAGE = 50
const PAGE = 200
/** Further behind than this, the newest page is read instead of everything between. */
const CATCH_UP_PAGES_MAX = 5
/** Live events that wait while history is on its way; past it the oldest are dropped and found again as a hole. */
const BUFFER_MAX = 2_000
const ITEMS_MAX = 5_000
/** A head that others told of should have come by itself within this. */
const BEHIND_MS = 2_000
const RETRY: BackOff = { firstMs: 300, longestMs: 10_000 }

/**
 * Keeps one room's timeline whole: live events go in strictly in order, and whatever is missing (a hole, a position that
 * could not be recovered, a head that was heard of elsewhere) is read from history before anything newer is shown.
 */
export class RoomSync {
  readonly timeline = new Timeline()
  readonly #deps: SyncDeps
  #status: SyncStatus = 'idle'
  #error: SwitchboardError | null = null
  #need: 'nothing' | 'catch-up' | 'reload' = 'nothing'
  #busy = false
  #connected = false
  #everything = false
  #epoch = ''
  #attempts = 0
  /** Head that the server told of while history was on its way. */
  #target = 0
  #buffer: RoomEvent[] = []
  #endPause: () => void = () => {}
  #cancelTimers = new Set<() => void>()

  constructor(deps: SyncDeps) {
    this.#deps = deps
  }

  get status(): SyncStatus {
    return this.#status
  }

  /** Why the room could not be loaded. */
  get error(): SwitchboardError | null {
    return this.#error
  }

  get epoch(): string {
    return this.#epoch
  }

  /** Begins with the newest page, or with everything after `since`, however much that is. */
  open(since?: number): void {
    if (this.#status !== 'idle' && this.#status !== 'failed') return
    this.#everything = since !== undefined
    if (since !== undefined) this.timeline.startAfter(since)
    this.#require(since === undefined ? 'reload' : 'catch-up')
  }

  close(): void {
    for (const cancel of this.#cancelTimers) cancel()
    this.#cancelTimers.clear()
    this.#endPause()
    this.#buffer = []
    this.#need = 'nothing'
    this.#enter('idle')
  }

  setConnected(connected: boolean): void {
    this.#connected = connected
    this.#endPause()
    if (connected && this.#status !== 'idle') void this.#run()
  }

  subscribed({ offset, epoch, wasRecovering, recovered }: Subscribed): void {
    const other = this.#epoch !== '' && epoch !== '' && epoch !== this.#epoch
    if (epoch !== '') this.#epoch = epoch
    if (this.#status === 'idle') return
    if (other || offset < this.timeline.position) this.#require('reload')
    else if (wasRecovering && recovered) this.noteHead(offset)
    else if (offset > this.timeline.position) this.#reach(offset)
  }

  publication(event: RoomEvent): void {
    if (this.#status === 'idle') return
    if (this.#busy || this.#need !== 'nothing') {
      this.#hold(event)
      return
    }
    const outcome = this.timeline.append(event)
    if (outcome === 'applied') this.#applied([event])
    if (outcome === 'hole') {
      this.#hold(event)
      this.#require('catch-up')
    }
  }

  /** The room has an event `seq`. If it is not here after a moment, it is fetched: stored but never shown must not happen. */
  noteHead(seq: number): void {
    if (this.#status !== 'live' || seq <= this.timeline.position) return
    this.#after(BEHIND_MS, () => {
      if (seq > this.timeline.position) this.#require('catch-up')
    })
  }

  /** Reads one older page. @returns whether there may be more. @throws SwitchboardError */
  async older(): Promise<boolean> {
    const { timeline } = this
    if (timeline.complete || timeline.items.length >= ITEMS_MAX) return false
    const first = timeline.first
    const page = await this.#deps.history({ before_seq: first, limit: FIRST_PAGE })
    // The timeline may have begun anew meanwhile; then this page belongs to nothing.
    if (timeline.first === first) timeline.prepend(page)
    return !timeline.complete && timeline.items.length < ITEMS_MAX
  }

  #reach(target: number): void {
    this.#target = target
    if (!this.#busy && this.#need === 'nothing') this.#require('catch-up')
  }

  #require(what: 'catch-up' | 'reload'): void {
    if (this.#need !== 'reload') this.#need = what
    if (this.#status === 'idle' || this.#status === 'failed') this.#enter('loading')
    void this.#run()
  }

  async #run(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    while (this.#need !== 'nothing' && this.#connected) {
      const what = this.#need
      this.#need = 'nothing'
      const before = this.timeline.position
      try {
        await (what === 'reload' ? this.#reload() : this.#catchUp())
        if (this.#status === 'idle') break
        this.#drain()
        if (this.#need === 'nothing' && this.#target > this.timeline.position) this.#need = 'catch-up'
        this.#attempts = this.timeline.position > before ? 0 : this.#attempts + 1
        if (this.#need === 'nothing') this.#enter('live')
      } catch (error) {
        if (!(await this.#failed(fromProtocol(error), what))) break
      }
      if (this.#need !== 'nothing' && this.#attempts > 0) await this.#pause()
    }
    this.#busy = false
  }

  async #reload(): Promise<void> {
    const page = await this.#deps.history({ limit: FIRST_PAGE })
    if (this.#status === 'idle') return
    if (page.head >= this.#target) this.#target = 0
    this.timeline.reset(page)
    this.#deps.onReset()
  }

  async #catchUp(): Promise<void> {
    this.#target = 0
    for (let pages = 0; ; pages++) {
      if (pages === CATCH_UP_PAGES_MAX && !this.#everything) return this.#require('reload')
      const page = await this.#deps.history({ after_seq: this.timeline.position, limit: PAGE })
      if (this.#status === 'idle') return
      const events = this.timeline.extend(page)
      this.#applied(events)
      const behind = page.head > this.timeline.position
      // No event although there is one, or a head before ours: this is not the history that the timeline came from.
      if (page.head < this.timeline.position || (behind && events.length === 0)) return this.#require('reload')
      if (!page.more) return
    }
  }

  #drain(): void {
    const held = this.#buffer
    this.#buffer = []
    for (const [index, event] of held.entries()) {
      const outcome = this.timeline.append(event)
      if (outcome === 'applied') this.#applied([event])
      if (outcome === 'hole') {
        this.#buffer = held.slice(index)
        this.#need = this.#need === 'reload' || this.#attempts > 2 ? 'reload' : 'catch-up'
        return
      }
    }
  }

  async #failed(error: SwitchboardError, what: 'catch-up' | 'reload'): Promise<boolean> {
    if (this.#status === 'idle') return false
    if (!error.retry) {
      this.#error = error
      this.#buffer = []
      this.#enter('failed')
      return false
    }
    if (this.#need === 'nothing') this.#need = what
    this.#attempts++
    return true
  }

  #applied(events: readonly RoomEvent[]): void {
    if (events.length === 0) return
    this.timeline.trim(ITEMS_MAX + PAGE)
    this.#deps.onEvents(events)
  }

  #hold(event: RoomEvent): void {
    this.#buffer.push(event)
    if (this.#buffer.length > BUFFER_MAX) this.#buffer.splice(0, BUFFER_MAX / 2)
  }

  #enter(status: SyncStatus): void {
    if (this.#status === status) return
    this.#status = status
    if (status === 'live') this.#error = null
    this.#deps.onStatus()
  }

  #pause(): Promise<void> {
    const ms = backOffMs(this.#attempts, RETRY, this.#deps.clock.random())
    return new Promise((resolve) => {
      const cancel = this.#deps.clock.after(ms, resolve)
      this.#endPause = () => {
        cancel()
        resolve()
      }
    })
  }

  #after(ms: number, work: () => void): void {
    const cancel = this.#deps.clock.after(ms, () => {
      this.#cancelTimers.delete(cancel)
      work()
    })
    this.#cancelTimers.add(cancel)
  }
}
