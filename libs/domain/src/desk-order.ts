/** Counts what a desk does for one command: comparisons and looks, so that a test can hold them against a bound. */
export interface Work {
  steps: number
}

interface Row {
  readonly id: string
  readonly key: number
  readonly tie: number
}

const isBefore = (a: Row, b: Row): boolean => {
  if (a.key !== b.key) return a.key < b.key
  if (a.tie !== b.tie) return a.tie < b.tie
  return a.id < b.id
}

/**
 * Ids in the order of a number, of a second one among equals, and of themselves at last. Finding, adding, removing and ranking
 * take as many looks as the logarithm of the length; the rows are moved as one block of memory.
 */
export class Ordered {
  readonly #work: Work
  readonly #rows: Row[] = []
  readonly #byId = new Map<string, Row>()

  constructor(work: Work) {
    this.#work = work
  }

  get size(): number {
    return this.#rows.length
  }

  /** The row that is first. */
  get first(): { readonly id: string; readonly key: number; readonly tie: number } | undefined {
    this.#work.steps += 1
    return this.#rows[0]
  }

  /** The rows in their order. */
  ids(): string[] {
    return this.#rows.map(({ id }) => id)
  }

  /** Puts an id in, or in another place. */
  put(id: string, key: number, tie = 0): void {
    this.delete(id)
    const row = { id, key, tie }
    this.#rows.splice(this.#placeOf(row), 0, row)
    this.#byId.set(id, row)
  }

  delete(id: string): void {
    const row = this.#byId.get(id)
    if (!row) return
    this.#rows.splice(this.#placeOf(row), 1)
    this.#byId.delete(id)
  }

  /** How many stand before this place. */
  rank(id: string, key: number, tie = 0): number {
    return this.#placeOf({ id, key, tie })
  }

  /** The first place whose row is not before this one. */
  #placeOf(row: Row): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      this.#work.steps += 1
      const middle = (low + high) >>> 1
      if (isBefore(this.#rows[middle] as Row, row)) low = middle + 1
      else high = middle
    }
    return low
  }
}
