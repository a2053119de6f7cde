/**
 * Up to which input of a partition everything is applied, with all that it brings about. Inputs are taken in ascending order
 * and finish in any; the floor is what lies below the oldest that is not finished.
 */
export class Floor {
  readonly #inputs: { readonly input: number; finished: boolean }[] = []
  #floor: number
  #waiting: { readonly below: number; readonly resolve: () => void } | undefined

  constructor(floor: number) {
    this.#floor = floor
  }

  /** @returns what to call when the input is finished. */
  take(input: number): () => void {
    const taken = { input, finished: false }
    this.#inputs.push(taken)
    return () => {
      taken.finished = true
      while (this.#inputs[0]?.finished) this.#floor = this.#inputs.shift()?.input ?? this.#floor
      if (this.#waiting && this.#inputs.length < this.#waiting.below) this.letGo()
    }
  }

  get value(): number {
    return this.#floor
  }

  /** Resolves when fewer than `below` inputs are in hand, or at `letGo`. One caller at a time: the reader of the partition. */
  below(below: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = { below, resolve }
    })
  }

  letGo(): void {
    this.#waiting?.resolve()
    this.#waiting = undefined
  }

  get inHand(): number {
    return this.#inputs.length
  }
}
