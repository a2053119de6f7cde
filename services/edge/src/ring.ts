import type { Publication } from '@switchboard/contracts/protocol'

/** The newest events of one feed, without holes, within a number and a size. */
export class Ring {
  readonly #eventsMax: number
  readonly #bytesMax: number
  #publications: Publication[] = []
  /** Index of the oldest one that counts: taking from the front moves it, and the array is cut now and then. */
  #start = 0
  #bytes = 0

  constructor(limits: { eventsMax: number; bytesMax: number }) {
    this.#eventsMax = limits.eventsMax
    this.#bytesMax = limits.bytesMax
  }

  get length(): number {
    return this.#publications.length - this.#start
  }

  /** Number of the oldest event held, or undefined. */
  get first(): number | undefined {
    return this.#publications[this.#start]?.offset
  }

  /** Appends events that follow the newest. The oldest give way. */
  push(publications: readonly Publication[]): void {
    for (const publication of publications) {
      this.#publications.push(publication)
      this.#bytes += publication.data.byteLength
    }
    while (this.length > this.#eventsMax || (this.#bytes > this.#bytesMax && this.length > 0)) this.#dropOldest()
    if (this.#start > this.#eventsMax) {
      this.#publications = this.#publications.slice(this.#start)
      this.#start = 0
    }
  }

  /** Puts older events before the oldest, as many as fit; they must end right before it. */
  unshift(publications: readonly Publication[]): void {
    const room = this.#publications.slice(this.#start)
    const first = room[0]
    if (first !== undefined && publications.at(-1)?.offset !== first.offset - 1) return
    const fitting: Publication[] = []
    for (const publication of [...publications].reverse()) {
      if (fitting.length + room.length >= this.#eventsMax) break
      if (this.#bytes + publication.data.byteLength > this.#bytesMax) break
      this.#bytes += publication.data.byteLength
      fitting.push(publication)
    }
    this.#publications = [...fitting.reverse(), ...room]
    this.#start = 0
  }

  /** The events after `offset`, or null if some of them are not held any more. `head` is the newest there is. */
  since(offset: number, head: number): Publication[] | null {
    if (offset >= head) return []
    const first = this.first
    if (first === undefined || offset < first - 1) return null
    return this.#publications.slice(this.#start + offset + 1 - first)
  }

  clear(): void {
    this.#publications = []
    this.#start = 0
    this.#bytes = 0
  }

  #dropOldest(): void {
    this.#bytes -= this.#publications[this.#start]?.data.byteLength ?? 0
    this.#start += 1
  }
}
