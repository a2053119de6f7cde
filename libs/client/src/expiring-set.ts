import type { Clock } from './clock.ts'

/** Names that fade: each stays for a while after it was last put in. */
export class ExpiringSet {
  readonly #clock: Clock
  readonly #ms: number
  readonly #onChange: () => void
  readonly #cancels = new Map<string, () => void>()

  constructor(clock: Clock, ms: number, onChange: () => void) {
    this.#clock = clock
    this.#ms = ms
    this.#onChange = onChange
  }

  get names(): string[] {
    return [...this.#cancels.keys()]
  }

  put(name: string): void {
    const known = this.#cancels.get(name)
    known?.()
    this.#cancels.set(
      name,
      this.#clock.after(this.#ms, () => this.remove(name)),
    )
    if (!known) this.#onChange()
  }

  remove(name: string): void {
    const cancel = this.#cancels.get(name)
    if (!cancel) return
    cancel()
    this.#cancels.delete(name)
    this.#onChange()
  }

  clear(): void {
    for (const name of this.names) this.remove(name)
  }
}
