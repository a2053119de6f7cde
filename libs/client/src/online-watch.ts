import type { Clock } from './clock.ts'

/** The router sends deltas for a minute after each question; asking this often also repairs what a lost one left wrong. */
const RENEW_MS = 15_000

export interface Online {
  /** In large rooms only some are named. */
  readonly users: ReadonlySet<string>
  readonly count: number
}

/** Who of a room is online, kept right while somebody looks. */
export class OnlineWatch {
  readonly #clock: Clock
  readonly #ask: () => Promise<{ online: string[]; count: number }>
  readonly #onChange: () => void
  #online: Online = { users: new Set(), count: 0 }
  #watchers = 0
  #cancel: () => void = () => {}

  constructor(clock: Clock, ask: () => Promise<{ online: string[]; count: number }>, onChange: () => void) {
    this.#clock = clock
    this.#ask = ask
    this.#onChange = onChange
  }

  get online(): Online {
    return this.#online
  }

  /** @returns a function that ends the looking. */
  watch(): () => void {
    this.#watchers++
    if (this.#watchers === 1) this.renew()
    let watching = true
    return () => {
      if (!watching) return
      watching = false
      this.#watchers--
      if (this.#watchers === 0) this.#cancel()
    }
  }

  /** Asks now, and then every so often; a failed question is asked again with the next. */
  renew(): void {
    this.#cancel()
    if (this.#watchers === 0) return
    this.#cancel = this.#clock.after(RENEW_MS, () => this.renew())
    this.#ask().then(
      ({ online, count }) => this.#set({ users: new Set(online), count }),
      () => undefined,
    )
  }

  signal({ online = [], offline = [], count }: { online?: string[]; offline?: string[]; count: number }): void {
    const users = new Set([...this.#online.users, ...online])
    for (const user of offline) users.delete(user)
    this.#set({ users, count })
  }

  #set(online: Online): void {
    this.#online = online
    this.#onChange()
  }
}
