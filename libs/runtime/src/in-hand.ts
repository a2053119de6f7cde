/**
 * What a record in hand takes beside its bytes: what it was parsed to, its promises, its places in queues. A million commands that a
 * router could not apply were the end of a heap of 512 MiB.
 */
const RECORD_BYTES = 1_024

/** One reader's share. */
export interface Share {
  /** @returns what to call when the record is done with. */
  take(bytes: number): () => void
  /** Undefined while there is room for more; else it resolves when there is, or at the end. */
  room(): Promise<void> | undefined
  /** All of it is left to somebody else. */
  end(): void
}

/**
 * What several readers together have taken and not done with. Past the limit none reads on until half of it is free: a number of
 * records alone bounds no memory, and each reader's own bound is too much for all of them together.
 */
export class InHand {
  readonly #bytesMax: number
  readonly #waiting = new Set<() => void>()
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get bytes(): number {
    return this.#bytes
  }

  share(): Share {
    let own = 0
    let goOn: (() => void) | undefined
    const free = (bytes: number) => {
      own -= bytes
      this.#free(bytes)
    }
    let isOver = false
    return {
      take: (bytes) => {
        const weight = bytes + RECORD_BYTES
        own += weight
        this.#bytes += weight
        return () => isOver || free(weight)
      },
      room: () => {
        if (this.#bytes < this.#bytesMax || isOver) return undefined
        return new Promise<void>((resolve) => {
          goOn = resolve
          this.#waiting.add(resolve)
        })
      },
      end: () => {
        if (isOver) return
        isOver = true
        free(own)
        if (goOn) this.#waiting.delete(goOn)
        goOn?.()
      },
    }
  }

  #free(bytes: number): void {
    this.#bytes -= bytes
    if (this.#waiting.size === 0 || this.#bytes > this.#bytesMax / 2) return
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const goOn of waiting) goOn()
  }
}
