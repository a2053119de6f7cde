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
  /** Counts how often the room was closed: what was asked for before that is worth nothing after it. */
  #life = 0
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
    this.#life++
    this.#busy = false
    this.#attempts = 0
    this.#target = 0
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
    if (other) this.#beginAnew()
    // A page of history may have overtaken this word; if not, the next page has a head before ours.
    else if (offset < this.timeline.position) this.#reach(offset)
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
    if (seq <= this.timeline.position) return
    // The page that is on its way may be older than this word.
    if (this.#status === 'loading') this.#target = Math.max(this.#target, seq)
    if (this.#status !== 'live') return
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

  /** The log is another one: what is held is of the old one, and would be waited for for ever. */
  #beginAnew(): void {
    this.#buffer = []
    this.#target = 0
    this.#require('reload')
  }

  #reach(target: number): void {
    this.#target = Math.max(this.#target, target)
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
    const life = this.#life
    while (life === this.#life && this.#need !== 'nothing' && this.#connected) {
      const what = this.#need
      this.#need = 'nothing'
      const before = this.timeline.position
      try {
        await (what === 'reload' ? this.#reload(life) : this.#catchUp(life))
        if (life !== this.#life) return
        this.#drain()
        if (this.#need === 'nothing' && this.#target > this.timeline.position) this.#need = 'catch-up'
        const isOn = this.#need === 'nothing' || this.timeline.position > before
        this.#attempts = isOn ? 0 : this.#attempts + 1
        if (this.#need === 'nothing') this.#enter('live')
      } catch (error) {
        if (life !== this.#life) return
        if (!this.#failed(fromProtocol(error), what)) break
      }
      if (this.#need !== 'nothing' && this.#attempts > 0) await this.#pause()
    }
    if (life === this.#life) this.#busy = false
  }

  async #reload(life: number): Promise<void> {
    const page = await this.#deps.history({ limit: FIRST_PAGE })
    if (life !== this.#life) return
    if (page.head >= this.#target) this.#target = 0
    this.timeline.reset(page)
    this.#deps.onReset()
  }

  async #catchUp(life: number): Promise<void> {
    this.#target = 0
    for (let pages = 0; ; pages++) {
      if (pages === CATCH_UP_PAGES_MAX && !this.#everything) return this.#require('reload')
      const page = await this.#deps.history({ after_seq: this.timeline.position, limit: PAGE })
      if (life !== this.#life) return
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

  #failed(error: SwitchboardError, what: 'catch-up' | 'reload'): boolean {
    if (!error.retry) {
      this.#error = error
      this.#buffer = []
      this.#need = 'nothing'
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
