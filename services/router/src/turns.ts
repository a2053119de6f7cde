/** Work of which each key's goes one after another, in the order it was given; that of different keys goes side by side. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>()

  get isIdle(): boolean {
    return this.#last.size === 0
  }

  /** The end of what is under way or waits for this key, if anything does. */
  endOf(key: string): Promise<void> | undefined {
    return this.#last.get(key)
  }

  /** Begins `work` at once, or when the key's work before it has ended. Resolves when it has. */
  take(key: string, work: () => Promise<void>): Promise<void> {
    const before = this.#last.get(key)
    const working = before ? before.then(work) : work()
    const ended = working.finally(() => {
      if (this.#last.get(key) === ended) this.#last.delete(key)
    })
    this.#last.set(key, ended)
    return ended
  }
}
