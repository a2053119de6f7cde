import type { DeskEvent } from '@switchboard/contracts/desk-events'
import { type BackOff, backOffMs } from './back-off.ts'
import type { Clock } from './clock.ts'
import { type DeskPage, DeskTable } from './desk-table.ts'
import { fromProtocol, type SwitchboardError } from './failure.ts'
import type { Subscribed } from './transport.ts'

export interface DeskFeedDeps {
  readonly clock: Clock
  /** One page of `desk.view`; `after` is the last conversation of the page before. */
  readonly view: (after: string | undefined) => Promise<DeskPage>
  /** Events that came after the view, each once and in order. */
  readonly onEvent: (event: DeskEvent) => void
  readonly onChanged: () => void
}

const RETRY: BackOff = { firstMs: 300, longestMs: 10_000 }
/** Events that wait while the first page is on its way; past it the view is read again. */
const BUFFER_MAX = 2_000
/** Of one reading: more conversations than a desk may have. */
const PAGES_MAX = 64

/**
 * Keeps the table of one desk whole: the view is read once the channel is subscribed, and again only where the connection could
 * not recover what was missed. An agent who returns with a thousand conversations asks for none of them.
 */
export class DeskFeed {
  readonly table = new DeskTable()
  readonly #deps: DeskFeedDeps
  #status: 'loading' | 'live' | 'failed' = 'loading'
  #error: SwitchboardError | null = null
  #connected = false
  #subscribed = false
  /** Whether the first page is in: from then on events go in as they come. */
  #begun = false
  #buffer: DeskEvent[] = []
  /** Counts readings: of one that was overtaken, nothing is taken. */
  #reading = 0
  #attempts = 0
  #cancel: (() => void) | null = null

  constructor(deps: DeskFeedDeps) {
    this.#deps = deps
  }

  get status(): 'loading' | 'live' | 'failed' {
    return this.#status
  }

  get error(): SwitchboardError | null {
    return this.#error
  }

  setConnected(connected: boolean): void {
    this.#connected = connected
    if (connected) return
    this.#subscribed = false
    this.#stop()
    // A reading that was cut off begins anew; a view that was whole waits to be recovered.
    if (this.#status === 'loading') this.#begun = false
  }

  subscribed({ recovered }: Pick<Subscribed, 'recovered'>): void {
    this.#subscribed = true
    if (!(recovered && this.#status === 'live')) this.#load()
  }

  publication(event: DeskEvent): void {
    if (!this.#begun) {
      this.#buffer.push(event)
      if (this.#buffer.length > BUFFER_MAX) this.#load()
      return
    }
    if (this.#take(event) === 'hole') this.#load()
  }

  /** The channel is not for this person, or not any more. */
  refused(error: SwitchboardError): void {
    this.#subscribed = false
    this.#stop()
    this.#failed(error)
  }

  close(): void {
    this.#connected = false
    this.#stop()
  }

  #stop(): void {
    this.#reading += 1
    this.#cancel?.()
    this.#cancel = null
    this.#buffer = []
  }

  #load(): void {
    this.#stop()
    this.#begun = false
    if (!this.#connected || !this.#subscribed) return
    this.#enter('loading')
    void this.#read(this.#reading)
  }

  async #read(reading: number): Promise<void> {
    try {
      let after: string | undefined
      for (let pages = 0; pages < PAGES_MAX; pages += 1) {
        const page = await this.#deps.view(after)
        if (reading !== this.#reading) return
        if (pages === 0) this.table.begin(page)
        else this.table.add(page)
        if (pages === 0 && !this.#drain()) return
        after = page.conversations.at(-1)?.conversation
        if (!page.more || after === undefined) break
      }
      this.#attempts = 0
      this.#error = null
      this.#enter('live')
    } catch (error) {
      if (reading === this.#reading) this.#failed(fromProtocol(error))
    }
  }

  /** What came while the first page was on its way. */
  #drain(): boolean {
    this.#begun = true
    const held = this.#buffer
    this.#buffer = []
    for (const event of held)
      if (this.#take(event) === 'hole') {
        this.#load()
        return false
      }
    return true
  }

  #take(event: DeskEvent): 'applied' | 'known' | 'hole' {
    const outcome = this.table.append(event)
    if (outcome !== 'applied') return outcome
    this.#deps.onEvent(event)
    this.#deps.onChanged()
    return outcome
  }

  #failed(error: SwitchboardError): void {
    this.#error = error
    this.#begun = false
    if (!error.retry) {
      this.#enter('failed')
      return
    }
    const ms = backOffMs(this.#attempts++, RETRY, this.#deps.clock.random())
    this.#cancel = this.#deps.clock.after(ms, () => this.#load())
  }

  #enter(status: 'loading' | 'live' | 'failed'): void {
    this.#status = status
    this.#deps.onChanged()
  }
}
