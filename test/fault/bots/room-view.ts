import type { EventSeen, Seen } from '@switchboard/testkit/history/records'
import { eventSeen } from './operations.ts'

/** Live events that wait while history is read. */
const HELD_MAX = 20_000

export interface HistoryPage {
  readonly events: readonly unknown[]
  readonly head: number
  readonly more: boolean
}

export interface RoomViewDeps {
  /** The page after this seq, however long it takes; null when it is refused or the client has ended. */
  readonly history: (after: number) => Promise<HistoryPage | null>
  readonly saw: (how: Seen['how'], event: EventSeen) => void
}

/** One room at one connection, from one subscription to its end: every event, in the order in which an app would get it. */
export class RoomView {
  readonly #deps: RoomViewDeps
  #last: number
  #recoveredTo = 0
  #target = 0
  #held: { readonly event: EventSeen; readonly how: Seen['how'] }[] | null = null
  #closed = false
  /** Past where the library stands, read from history: it brings these once more, each once, also after a new connection. */
  readonly #ahead = new Set<number>()

  constructor(from: number, deps: RoomViewDeps) {
    this.#last = from
    this.#deps = deps
  }

  /** The last seq that the app has. */
  get last(): number {
    return this.#last
  }

  /** Whether nothing waits for history. */
  get whole(): boolean {
    return this.#held === null
  }

  /** Publications up to this seq were missed and are sent now. */
  recovered(upTo: number): void {
    this.#recoveredTo = upTo
  }

  /** Up to `head` nothing will come by itself: it is read from history, and what comes meanwhile waits. */
  async reload(head: number): Promise<void> {
    this.#target = Math.max(this.#target, head)
    if (this.#held !== null) return
    this.#held = []
    while (this.#last < this.#target && !this.#closed) {
      const page = await this.#deps.history(this.#last)
      if (page === null || this.#closed) break
      const before = this.#last
      for (const event of page.events.map(eventSeen)) {
        if (event.seq <= this.#last) continue
        if (event.seq > this.#target) this.#ahead.add(event.seq)
        this.#saw('history', event)
      }
      if (this.#last === before) break
    }
    this.#release()
  }

  /** `how` says it where it does not follow from the recovered stretch. */
  publication(event: EventSeen, how: Seen['how'] = event.seq <= this.#recoveredTo ? 'recovered' : 'live'): void {
    if (this.#held === null) {
      if (!this.#ahead.delete(event.seq)) this.#saw(how, event)
      return
    }
    if (this.#held.length === HELD_MAX) throw new Error(`${HELD_MAX} events wait for history`)
    this.#held.push({ event, how })
  }

  close(): void {
    this.#closed = true
  }

  #release(): void {
    const held = this.#held ?? []
    const covered = this.#last
    this.#held = null
    if (this.#closed) return
    for (const { event, how } of held) {
      if (event.seq > covered) this.publication(event, how)
      else this.#ahead.delete(event.seq)
    }
  }

  #saw(how: Seen['how'], event: EventSeen): void {
    this.#last = event.seq
    this.#deps.saw(how, event)
  }
}
