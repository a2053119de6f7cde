/** Readiness of a process: ready when every part that was named is, and not draining. Liveness is that the port answers. */
export class Health {
  readonly #parts = new Map<string, boolean>()
  #draining = false
  #trouble = ''

  /** Names a part and says whether it is ready. A blip of NATS or MongoDB is no reason: admission answers those. */
  ready(part: string, isReady: boolean): void {
    this.#parts.set(part, isReady)
  }

  /** From now on this process is never ready again. */
  drain(): void {
    this.#draining = true
  }

  /** What keeps this process from ever being ready, for people; it ends soon and is started again. */
  refuse(trouble: string): void {
    this.#trouble = trouble
  }

  get isReady(): boolean {
    return !this.#draining && this.#trouble === '' && this.#parts.size > 0 && [...this.#parts.values()].every(Boolean)
  }

  /** One line for people: which parts are waited for. */
  describe(): string {
    if (this.#draining) return 'draining'
    if (this.#trouble !== '') return this.#trouble
    const waiting = [...this.#parts].filter(([, isReady]) => !isReady).map(([part]) => part)
    return waiting.length === 0 ? (this.#parts.size > 0 ? 'ready' : 'starting') : `waiting for ${waiting.join(', ')}`
  }
}
