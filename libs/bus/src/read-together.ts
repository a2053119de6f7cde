import { pause } from '@switchboard/runtime/deadline'
import type { Bus } from './connect.ts'
import { StreamReader, type StreamRecord } from './stream-reader.ts'

/** Somebody who reads a part of a stream, alone or together with others. */
export interface Part {
  /** What the subjects of this part begin with. */
  readonly prefix: string
  /** The reader that it has for itself. */
  readonly own: StreamReader | undefined
  /** It hears this reader from now on, which begins no later than it has read, and no reader of its own. @returns false if it cannot. */
  join(reader: StreamReader): boolean
  /** A record of its part; it may have had it before. @returns false when it leaves and reads alone. */
  hear(record: StreamRecord): boolean
}

/** A part that was just taken or that left is busy catching up. */
const ALONE_MS = 5_000
/** Parts that cannot be brought together yet are tried again, less and less often, and those that were slow not before a minute. */
const ALONE_TIMES_MAX = 12
/** How far readers may stand apart and yet be brought together: so many records, at most, are read twice. */
const APART_MAX = 5_000
const OPEN_MS_MAX = 10_000

const known = new WeakMap<Bus, Map<string, Together>>()

/** Where the followers of one stream come together. */
export function togetherOf(bus: Bus, options: Options): Together {
  const ofBus = known.get(bus) ?? new Map<string, Together>()
  known.set(bus, ofBus)
  const { stream } = options
  const defaults = { aloneMs: ALONE_MS, filtersInAll: Number.POSITIVE_INFINITY, gatherMs: 0 }
  const together = ofBus.get(stream) ?? new Together(bus, { ...defaults, ...options })
  ofBus.set(stream, together)
  return together
}

interface Options {
  readonly stream: string
  readonly crash: (error: unknown) => void
  readonly aloneMs?: number
  readonly filtersInAll?: number
  readonly gatherMs?: number
}

/**
 * One consumer for all parts of a stream that are read here. @NOTE A consumer costs a heartbeat every few seconds at either end, for
 * whoever reads must soon notice that it is lost: with one for each of 64 partitions, that was most of what a quiet system did. Parts
 * begin at different places, come and go, and are slow each in its own way. So each begins alone; from time to time those who stand
 * close together get a new reader, which begins where the last of them is. They change over in one moment, and skip what they had.
 */
export class Together {
  readonly #bus: Bus
  readonly #options: Required<Options>
  readonly #parts = new Map<string, Part>()
  /** Those who hear the shared reader. */
  readonly #joined = new Map<string, Part>()
  #shared: { readonly reader: StreamReader; readonly parts: number } | undefined
  #abort = new AbortController()
  #gathering: Promise<void> | undefined
  /** How long to wait before the next try, in times of the first one. */
  #times = 1

  constructor(bus: Bus, options: Required<Options>) {
    this.#bus = bus
    this.#options = options
  }

  enter(part: Part): void {
    // A second one for the same part stays alone.
    if (this.#parts.has(part.prefix)) return
    this.#parts.set(part.prefix, part)
    this.#times = 1
    this.#stir()
  }

  leave(part: Part): void {
    if (this.#parts.get(part.prefix) !== part) return
    this.#parts.delete(part.prefix)
    this.#part(part, this.#times)
    if (this.#parts.size > 0) return
    this.#abort.abort()
    this.#abort = new AbortController()
  }

  /** Whether all read together who could, and nothing is read for anybody else. */
  get #isSettled(): boolean {
    if (!this.#shared) return this.#parts.size < 2
    return this.#joined.size === this.#parts.size && this.#joined.size === this.#shared.parts
  }

  #part(part: Part, times: number): void {
    this.#joined.delete(part.prefix)
    this.#times = times
    this.#stopIfUnheard()
    this.#stir()
  }

  #stopIfUnheard(): void {
    if (this.#joined.size > 0) return
    this.#shared?.reader.forget()
    this.#shared = undefined
  }

  #stir(): void {
    if (this.#isSettled) return
    const done = () => {
      this.#gathering = undefined
      this.#stir()
    }
    this.#gathering ??= this.#gather(this.#abort.signal).then(done, this.#options.crash)
  }

  async #gather(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.#isSettled) {
      await pause(this.#options.aloneMs * this.#times, signal)
      this.#times = Math.min(this.#times + 1, ALONE_TIMES_MAX)
      if (!signal.aborted) await this.#bringTogether(signal)
    }
  }

  async #bringTogether(signal: AbortSignal): Promise<void> {
    const own = [...this.#parts.values()].map((part) => part.own)
    await Promise.all([...own, this.#shared?.reader].map((reader) => reader?.advance()))
    const shared = this.#shared
    const close = this.#closeTogether()
    const parts = [...this.#joined.values(), ...close.map(({ part }) => part)]
    const isBetter = close.length > (shared ? 0 : 1) || parts.length < (shared?.parts ?? 0)
    if (signal.aborted || !isBetter) return
    const positions = [...close.map(({ reader }) => reader), ...(shared ? [shared.reader] : [])].map((r) => r.position)
    const from = positions.reduce((first, position) => (position.seq < first.seq ? position : first))
    const opened = new AbortController()
    const reader: StreamReader = new StreamReader(this.#bus, {
      stream: this.#options.stream,
      filters: this.#filtersOf(parts),
      from,
      gatherMs: this.#options.gatherMs,
      take: (record) => this.#deal(reader, record),
      opened: () => {
        if (!opened.signal.aborted) this.#changeOver(reader, parts)
        opened.abort()
      },
      crash: this.#options.crash,
    })
    await pause(OPEN_MS_MAX, AbortSignal.any([signal, opened.signal]))
    opened.abort()
    if (this.#shared?.reader !== reader) reader.forget()
  }

  /**
   * None for the whole stream. @NOTE With several filters the server holds each record against every subject that its block has, and
   * again for the next one: where one pod reads all partitions, as in a small installation, that was a fifth of what NATS did.
   */
  #filtersOf(parts: readonly Part[]): string[] {
    return parts.length < this.#options.filtersInAll ? parts.map(({ prefix }) => `${prefix}>`) : []
  }

  /** Those who read alone and stand close to the shared reader, or to the furthest of them. */
  #closeTogether(): { readonly part: Part; readonly reader: StreamReader }[] {
    const alone = [...this.#parts.values()].flatMap((part) => (part.own ? [{ part, reader: part.own }] : []))
    const furthest = () => alone.map(({ reader }) => reader.position).reduce((a, b) => (b.seq > a.seq ? b : a))
    if (alone.length === 0) return []
    const { seq, incarnation } = this.#shared?.reader.position ?? furthest()
    const isClose = ({ reader: { position } }: { readonly reader: StreamReader }) =>
      incarnation !== null && position.incarnation === incarnation && Math.abs(position.seq - seq) <= APART_MAX
    return alone.filter(isClose)
  }

  #changeOver(reader: StreamReader, parts: readonly Part[]): void {
    const before = this.#shared?.reader
    this.#shared = { reader, parts: parts.length }
    this.#times = 1
    this.#joined.clear()
    for (const part of parts)
      if (this.#parts.get(part.prefix) === part && part.join(reader)) this.#joined.set(part.prefix, part)
    before?.forget()
    this.#stopIfUnheard()
  }

  #deal(reader: StreamReader, record: StreamRecord): void {
    if (this.#shared?.reader !== reader) return
    for (const [prefix, part] of this.#joined) {
      if (!record.subject.startsWith(prefix)) continue
      if (!part.hear(record)) this.#part(part, ALONE_TIMES_MAX)
      return
    }
  }
}
