import type { UnsubscribeName } from '@switchboard/contracts/protocol'
import type { Clock } from './clock.ts'
import type { Codec, Format } from './codec.ts'

/** One subscription of one connection, as a feed sees it. */
export interface Listener {
  readonly user: string
  readonly codec: Codec
  /** Offset of the last event that it was given. */
  position: number
  /** The event by which its user became a member, 0 if not known: what ended earlier does not concern it. */
  readonly since: number
  send(frame: Uint8Array): void
  /** The same for what may be dropped when the socket is slow. */
  signal(frame: Uint8Array): void
  /** The feed gives it nothing more. */
  ended(why: UnsubscribeName): void
}

/** What goes to every listener: encoded at most once per format. */
class Delivery {
  /** 0 for a signal. */
  readonly last: number
  readonly gone: ReadonlySet<string> | null
  readonly #encode: (codec: Codec) => Uint8Array
  readonly #frames = new Map<Format, Uint8Array>()

  constructor(last: number, gone: readonly string[], encode: (codec: Codec) => Uint8Array) {
    this.last = last
    this.gone = gone.length === 0 ? null : new Set(gone)
    this.#encode = encode
  }

  frame(codec: Codec): Uint8Array {
    const made = this.#frames.get(codec.format)
    if (made) return made
    const frame = this.#encode(codec)
    this.#frames.set(codec.format, frame)
    return frame
  }
}

/** Sockets written to without letting anything else run. */
const SLICE = 500
/** Deliveries that wait while a large audience is written to: a signal past the first is dropped, an entry past the second makes all resume. */
const SIGNALS_WAITING_MAX = 64
const ENTRIES_WAITING_MAX = 4_096

/**
 * All listeners of a feed. A small audience is written to at once. A large one in slices, with other work in between; what comes
 * meanwhile waits and goes out together in the next pass.
 */
export class Audience {
  readonly #clock: Clock
  readonly #delivered: (format: Format, count: number) => void
  readonly #listeners = new Set<Listener>()
  readonly #expected = new Set<Listener>()
  #waiting: Delivery[] = []
  #passing = false

  constructor(clock: Clock, delivered: (format: Format, count: number) => void) {
    this.#clock = clock
    this.#delivered = delivered
  }

  get size(): number {
    return this.#listeners.size
  }

  /** It will be added when what it missed was fetched; whoever is removed from the room until then is not added at all. */
  expect(listener: Listener): void {
    this.#expected.add(listener)
  }

  /** From now on it is given what comes after its position. */
  add(listener: Listener): void {
    this.#expected.delete(listener)
    this.#listeners.add(listener)
  }

  remove(listener: Listener): void {
    this.#expected.delete(listener)
    this.#listeners.delete(listener)
  }

  /** Ends every subscription: their position is worth nothing any more. */
  endAll(why: UnsubscribeName): void {
    const all = [...this.#listeners]
    this.#listeners.clear()
    this.#waiting = []
    for (const listener of all) listener.ended(why)
  }

  entry(channel: string, entry: { first: number; last: number; gone: readonly string[]; payload: Uint8Array }): void {
    if (entry.gone.length > 0) {
      for (const listener of [...this.#expected]) {
        if (entry.gone.includes(listener.user) && entry.last >= listener.since) listener.ended('removed')
      }
    }
    this.#deliver(new Delivery(entry.last, entry.gone, (codec) => codec.entry(channel, entry.first, entry.payload)))
  }

  signal(channel: string, payload: Uint8Array): void {
    if (this.#waiting.length >= SIGNALS_WAITING_MAX) return
    this.#deliver(new Delivery(0, [], (codec) => codec.signals(channel, payload)))
  }

  #deliver(delivery: Delivery): void {
    if (this.#listeners.size === 0 && !this.#passing) return
    if (this.#passing) {
      this.#waiting.push(delivery)
      if (this.#waiting.length > ENTRIES_WAITING_MAX) this.endAll('insufficient_state')
      return
    }
    if (this.#listeners.size <= SLICE) {
      this.#write([...this.#listeners], [delivery])
      return
    }
    this.#passing = true
    this.#pass([...this.#listeners], [delivery], 0)
  }

  #pass(listeners: readonly Listener[], deliveries: readonly Delivery[], from: number): void {
    this.#write(listeners.slice(from, from + SLICE), deliveries)
    if (from + SLICE < listeners.length) {
      this.#clock.soon(() => this.#pass(listeners, deliveries, from + SLICE))
      return
    }
    const next = this.#waiting
    this.#waiting = []
    if (next.length === 0) this.#passing = false
    else this.#clock.soon(() => this.#pass([...this.#listeners], next, 0))
  }

  #write(listeners: readonly Listener[], deliveries: readonly Delivery[]): void {
    const counts = { json: 0, protobuf: 0 }
    for (const listener of listeners) {
      for (const delivery of deliveries) {
        if (!this.#listeners.has(listener)) break
        this.#give(listener, delivery)
        counts[listener.codec.format] += 1
      }
    }
    for (const format of ['json', 'protobuf'] as const) {
      if (counts[format] > 0) this.#delivered(format, counts[format])
    }
  }

  #give(listener: Listener, delivery: Delivery): void {
    if (delivery.last === 0) {
      listener.signal(delivery.frame(listener.codec))
      return
    }
    // Whoever joined after this entry has it already.
    if (listener.position >= delivery.last) return
    listener.position = delivery.last
    listener.send(delivery.frame(listener.codec))
    if (delivery.gone?.has(listener.user)) {
      this.#listeners.delete(listener)
      listener.ended('removed')
    }
  }
}
