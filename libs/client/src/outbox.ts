import { refuse } from '@switchboard/contracts/errors'
import type { Clock } from './clock.ts'
import { Emitter } from './emitter.ts'
import { type Failure, fromProtocol, plainFailure, SwitchboardError } from './failure.ts'
import { afterFailure, inOrder, plan, type Waiting } from './outbox-plan.ts'
import type { OutboxEntry, OutboxStore } from './outbox-store.ts'

/** Written and not confirmed, over all rooms. */
const ENTRIES_MAX = 500
/** The server's own bound (`textChars`). Held here too: a frame above the edge's limit costs the connection. */
export const TEXT_CHARS_MAX = 8_000

export type Settled =
  | { readonly state: 'sent'; readonly seq: number; readonly at: number }
  | { readonly state: 'failed'; readonly failure: Failure }

/** A message on its way, or refused. */
export interface OutgoingMessage {
  readonly cid: string
  readonly room: string
  readonly text: string
  readonly reply_to?: number
  readonly at: number
  readonly state: 'pending' | 'failed'
  readonly failure?: Failure
}

export interface OutboxDeps {
  readonly clock: Clock
  readonly store: OutboxStore
  readonly nextCid: () => string
  readonly send: (entry: OutboxEntry) => Promise<{ seq: number; at: number }>
  /** The disk is full or the browser's storage is closed: the messages are still sent, but would not survive a reload. */
  readonly onStoreError: (error: unknown) => void
}

interface OutboxEvents {
  /** Something about this room's outgoing messages is different. */
  changed: { readonly room: string }
  sent: { readonly room: string; readonly cid: string; readonly seq: number; readonly at: number }
}

/** Sends in order, one at a time per room, again and again with the same cid, until each is confirmed or refused. */
export class Outbox extends Emitter<OutboxEvents> {
  readonly #deps: OutboxDeps
  readonly #waiting = new Map<string, Waiting>()
  readonly #watchers = new Map<string, (settled: Settled) => void>()
  #connected = false
  #cancelTimer: () => void = () => {}

  constructor(deps: OutboxDeps) {
    super()
    this.#deps = deps
  }

  /** Takes up what an earlier run left. */
  async load(): Promise<void> {
    const entries = await this.#deps.store.load().catch((error: unknown) => {
      this.#deps.onStoreError(error)
      return []
    })
    for (const entry of entries.sort(inOrder).slice(0, ENTRIES_MAX)) {
      if (!this.#waiting.has(entry.cid)) this.#waiting.set(entry.cid, fresh(entry))
    }
    for (const room of new Set(entries.map((entry) => entry.room))) this.emit('changed', { room })
    this.#work()
  }

  /** Nothing is tried without a connection; with one, everything is due at once. */
  setConnected(connected: boolean): void {
    this.#connected = connected
    if (connected) {
      for (const [cid, one] of this.#waiting) this.#waiting.set(cid, { ...one, attempts: 0, dueAt: 0 })
    }
    this.#work()
  }

  /** One room's messages that are not confirmed, oldest first. */
  of(room: string): OutgoingMessage[] {
    const entries = [...this.#waiting.values()].map(({ entry }) => entry).filter((entry) => entry.room === room)
    return entries.sort(inOrder).map((entry) => ({ ...entry, state: entry.failure ? 'failed' : 'pending' }))
  }

  get size(): number {
    return this.#waiting.size
  }

  /**
   * Keeps the message, then sends it.
   * @returns its cid and what becomes of it, which never rejects. @throws SwitchboardError `outbox_full`, `bad_request` or `too_large`.
   */
  add(message: Omit<OutboxEntry, 'cid' | 'at' | 'failure'>): { cid: string; settled: Promise<Settled> } {
    check(message.text, this.#waiting.size)
    const entry: OutboxEntry = { ...message, cid: this.#deps.nextCid(), at: this.#deps.clock.now() }
    this.#waiting.set(entry.cid, { ...fresh(entry), inFlight: true })
    const settled = new Promise<Settled>((resolve) => this.#watchers.set(entry.cid, resolve))
    this.emit('changed', { room: entry.room })
    void this.#keep(entry).then(() => {
      this.#update(entry.cid, { inFlight: false })
      this.#work()
    })
    return { cid: entry.cid, settled }
  }

  /** Tries a refused message again, under a new cid: the old one may stand for another body on the server. */
  retry(cid: string): void {
    const entry = this.#waiting.get(cid)?.entry
    if (!entry?.failure) return
    this.discard(cid)
    const { cid: _cid, at: _at, failure, seen, ...message } = entry
    // Whoever tries again was told what they had not seen.
    const isTold = failure.field === 'seen'
    this.add(seen === undefined || isTold ? message : { ...message, seen })
  }

  /** Throws a refused message away. One that is being tried may already be in the room, so it stays. */
  discard(cid: string): void {
    const one = this.#waiting.get(cid)
    if (one?.entry.failure) this.#drop(one.entry)
  }

  /** The room showed a message with this cid: it is sent, whether or not the answer came. */
  confirm(cid: string, sent: { seq: number; at: number }): void {
    const one = this.#waiting.get(cid)
    if (!one) return
    this.#drop(one.entry)
    const { seq, at } = sent
    this.#settle(cid, { state: 'sent', seq, at })
    this.emit('sent', { room: one.entry.room, cid, seq, at })
    this.#work()
  }

  close(): void {
    this.#connected = false
    this.#cancelTimer()
  }

  #work(): void {
    this.#cancelTimer()
    if (!this.#connected) return
    const now = this.#deps.clock.now()
    const { send, lookAt } = plan(this.#waiting.values(), now)
    for (const one of send) void this.#try(one)
    if (lookAt !== null) this.#cancelTimer = this.#deps.clock.after(lookAt - now, () => this.#work())
  }

  async #try({ entry }: Waiting): Promise<void> {
    this.#update(entry.cid, { inFlight: true })
    try {
      this.confirm(entry.cid, await this.#deps.send(entry))
    } catch (error) {
      this.#failed(entry.cid, fromProtocol(error))
    }
  }

  #failed(cid: string, error: SwitchboardError): void {
    const one = this.#waiting.get(cid)
    if (!one) return
    const at = { now: this.#deps.clock.now(), random: this.#deps.clock.random() }
    const after = afterFailure(one, plainFailure(error), at)
    this.#waiting.set(cid, after)
    if (after.entry.failure) {
      void this.#keep(after.entry)
      this.#settle(cid, { state: 'failed', failure: after.entry.failure })
    }
    this.emit('changed', { room: after.entry.room })
    this.#work()
  }

  #update(cid: string, change: Partial<Waiting>): void {
    const one = this.#waiting.get(cid)
    if (one) this.#waiting.set(cid, { ...one, ...change })
  }

  #drop(entry: OutboxEntry): void {
    this.#waiting.delete(entry.cid)
    void this.#deps.store.remove(entry.cid).catch(this.#deps.onStoreError)
    this.emit('changed', { room: entry.room })
  }

  #settle(cid: string, settled: Settled): void {
    this.#watchers.get(cid)?.(settled)
    this.#watchers.delete(cid)
  }

  async #keep(entry: OutboxEntry): Promise<void> {
    await this.#deps.store.put(entry).catch(this.#deps.onStoreError)
  }
}

const fresh = (entry: OutboxEntry): Waiting => ({ entry, attempts: 0, inFlight: false, dueAt: 0 })

function check(text: string, size: number): void {
  if (text.trim() === '') throw refused('bad_request', 'must not be empty')
  if ([...text].length > TEXT_CHARS_MAX) throw refused('too_large', `is longer than ${TEXT_CHARS_MAX} characters`)
  if (size >= ENTRIES_MAX) {
    const message = `${ENTRIES_MAX} messages are waiting to be sent already.`
    throw new SwitchboardError({ code: 'outbox_full', message, retry: true })
  }
}

const refused = (code: 'bad_request' | 'too_large', message: string): SwitchboardError =>
  new SwitchboardError({ ...refuse(code, { field: 'text', message }), retry: false })
