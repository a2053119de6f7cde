/** Connections are kept to this many origins; the one used longest ago gives way. */
const ORIGINS_MAX = 64

type Closable = { readonly close: () => Promise<void> }

/** Pools of connections, one for each origin, opened when they are needed. */
export class OriginPools<Pool extends Closable> implements AsyncDisposable {
  readonly #pools = new Map<string, Pool>()
  readonly #closing = new Set<Promise<void>>()

  get(origin: string, open: () => Pool): Pool {
    const pool = this.#pools.get(origin) ?? open()
    this.#pools.delete(origin)
    this.#pools.set(origin, pool)
    const [oldest] = this.#pools
    if (this.#pools.size > ORIGINS_MAX && oldest !== undefined) {
      this.#pools.delete(oldest[0])
      const closed = oldest[1].close().finally(() => this.#closing.delete(closed))
      this.#closing.add(closed)
    }
    return pool
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...[...this.#pools.values()].map((pool) => pool.close()), ...this.#closing])
  }
}
