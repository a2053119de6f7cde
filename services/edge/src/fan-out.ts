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
  /** The same, handed to the kernel at once. */
  sendNow(frame: Uint8Array): void
  /** From here to `release` nothing is handed to the kernel, and then all of it together. */
  hold(): void
  release(): void
  /** Sends what may be dropped when the socket is slow. */
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
/**
 * Where deliveries come faster than a large audience can be written to one by one, it rests twice as long as that took, and no longer
 * than this. The system call for each socket is the cost, whether it carries one entry or five: what comes meanwhile goes out together.
 */
const REST_SHARE = 2
const REST_MS_MAX = 20
/** Deliveries that wait while a large audience is written to: a signal past the first is dropped, an entry past the second makes all resume. */
const SIGNALS_WAITING_MAX = 64
const ENTRIES_WAITING_MAX = 4_096

/**
 * All listeners of a feed. A small audience is written to at once, and its sockets flushed when the loop has been through what it
 * has in hand. A large one in slices, with other work in between and each socket flushed as it is written to: to come back to a
 * thousand sockets costs more than the writes of one can be spared. What comes meanwhile waits and goes out in the next pass.
 */
export class Audience {
  readonly #clock: Clock
  readonly #delivered: (format: Format, count: number) => void
  readonly #listeners = new Set<Listener>()
  /** Null while nobody is: somebody is only while what they missed is fetched. */
  #expected: Set<Listener> | null = null
  #waiting: Delivery[] = []
  #passing = false
  /** The next pass of a large audience begins no earlier, in steady milliseconds. */
  #restUntil = Number.NEGATIVE_INFINITY
  /** Deliveries that have come since then, the end of the last pass. */
  #came = 0
  #cameFrom: number

  constructor(clock: Clock, delivered: (format: Format, count: number) => void) {
    this.#clock = clock
    this.#delivered = delivered
    this.#cameFrom = clock.steady()
  }

  get size(): number {
    return this.#listeners.size
  }

  /** It will be added when what it missed was fetched; whoever is removed from the room until then is not added at all. */
  expect(listener: Listener): void {
    this.#expected ??= new Set()
    this.#expected.add(listener)
  }

  /** From now on it is given what comes after its position. */
  add(listener: Listener): void {
    this.#expectNoMore(listener)
    this.#listeners.add(listener)
  }

  remove(listener: Listener): void {
    this.#expectNoMore(listener)
    this.#listeners.delete(listener)
  }

  #expectNoMore(listener: Listener): void {
    this.#expected?.delete(listener)
    if (this.#expected?.size === 0) this.#expected = null
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
      for (const listener of [...(this.#expected ?? [])]) {
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
    this.#came += 1
    if (this.#passing) {
      this.#waiting.push(delivery)
      if (this.#waiting.length > ENTRIES_WAITING_MAX) this.endAll('insufficient_state')
      return
    }
    if (this.#listeners.size <= SLICE) {
      this.#write([...this.#listeners], (listener) => this.#give(listener, delivery, 'send'))
      return
    }
    this.#passing = true
    const restMs = this.#restUntil - this.#clock.steady()
    if (restMs > 0) {
      this.#waiting.push(delivery)
      this.#nextIn(restMs)
    } else this.#begin([delivery])
  }

  #nextIn(restMs: number): void {
    if (restMs > 0) this.#clock.after(restMs, () => this.#next())
    else this.#clock.soon(() => this.#next())
  }

  #begin(deliveries: readonly Delivery[]): void {
    this.#pass([...this.#listeners], deliveries, { from: 0, beganAt: this.#clock.steady() })
  }

  #next(): void {
    const deliveries = this.#waiting
    this.#waiting = []
    if (deliveries.length === 0) this.#passing = false
    else this.#begin(deliveries)
  }

  #pass(listeners: readonly Listener[], deliveries: readonly Delivery[], at: { from: number; beganAt: number }): void {
    const { from, beganAt } = at
    const [only, ...more] = deliveries
    if (only && more.length === 0)
      this.#write(listeners.slice(from, from + SLICE), (each) => this.#give(each, only, 'sendNow'))
    else this.#write(listeners.slice(from, from + SLICE), (each) => this.#giveAll(each, deliveries))
    if (from + SLICE < listeners.length) {
      this.#clock.soon(() => this.#pass(listeners, deliveries, { from: from + SLICE, beganAt }))
      return
    }
    const restMs = this.#restMs(beganAt)
    if (this.#waiting.length === 0) this.#passing = false
    else this.#nextIn(restMs)
  }

  /** How long to rest after a pass. */
  #restMs(beganAt: number): number {
    const now = this.#clock.steady()
    const passMs = now - beganAt
    const isFast = this.#came * passMs > now - this.#cameFrom
    this.#came = 0
    this.#cameFrom = now
    const restMs = isFast ? Math.min(REST_MS_MAX, REST_SHARE * passMs) : 0
    this.#restUntil = now + restMs
    return restMs
  }

  /** `give` says how many deliveries a listener was given. */
  #write(listeners: readonly Listener[], give: (listener: Listener) => number): void {
    const counts = { json: 0, protobuf: 0 }
    for (const listener of listeners) {
      if (this.#listeners.has(listener)) counts[listener.codec.format] += give(listener)
    }
    for (const format of ['json', 'protobuf'] as const) {
      if (counts[format] > 0) this.#delivered(format, counts[format])
    }
  }

  #giveAll(listener: Listener, deliveries: readonly Delivery[]): number {
    let count = 0
    listener.hold()
    for (const delivery of deliveries) {
      if (!this.#listeners.has(listener)) break
      count += this.#give(listener, delivery, 'send')
    }
    listener.release()
    return count
  }

  #give(listener: Listener, delivery: Delivery, send: 'send' | 'sendNow'): number {
    if (delivery.last === 0) listener.signal(delivery.frame(listener.codec))
    else if (this.#advances(listener, delivery)) listener[send](delivery.frame(listener.codec))
    this.#endIfGone(listener, delivery)
    return 1
  }

  /** Moves the position; false for whoever joined after this entry and has it already. */
  #advances(listener: Listener, { last }: Delivery): boolean {
    if (listener.position >= last) return false
    listener.position = last
    return true
  }

  #endIfGone(listener: Listener, { gone }: Delivery): void {
    if (!gone?.has(listener.user)) return
    this.#listeners.delete(listener)
    listener.ended('removed')
  }
}
