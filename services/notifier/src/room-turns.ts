interface Waiting<Item, Result> {
  readonly item: Item
  readonly done: (result: Result | PromiseLike<Result>) => void
}

export interface RoomTurnsOptions<Item, Result> {
  readonly take: (room: string, items: readonly Item[]) => Promise<Result>
  readonly restMs: number
  readonly pause: (ms: number) => Promise<void>
}

/**
 * Gathers items by room. One that comes to a quiet room has its turn at once. What comes close behind it, or while a turn runs, goes
 * into the next one together, and that begins when all of it is as old as a rest: so that a busy room asks one question for all that
 * has piled up, and about nothing that is quite new.
 */
export class RoomTurns<Item, Result> {
  readonly #options: RoomTurnsOptions<Item, Result>
  readonly #waiting = new Map<string, Waiting<Item, Result>[]>()
  readonly #running = new Set<string>()

  constructor(options: RoomTurnsOptions<Item, Result>) {
    this.#options = options
  }

  /** Resolves, or rejects, with what the turn came to that the item was in. */
  add(room: string, item: Item): Promise<Result> {
    return new Promise((done) => {
      const waiting = this.#waiting.get(room) ?? []
      this.#waiting.set(room, waiting)
      waiting.push({ item, done })
      if (!this.#running.has(room)) void this.#run(room)
    })
  }

  async #run(room: string): Promise<void> {
    const { restMs, pause } = this.#options
    this.#running.add(room)
    await this.#turn(room, this.#gathered(room))
    await pause(restMs)
    while (this.#waiting.has(room)) {
      const gathered = this.#gathered(room)
      await pause(restMs)
      await this.#turn(room, gathered)
    }
    this.#running.delete(room)
  }

  #gathered(room: string): readonly Waiting<Item, Result>[] {
    const gathered = this.#waiting.get(room) ?? []
    this.#waiting.delete(room)
    return gathered
  }

  async #turn(room: string, gathered: readonly Waiting<Item, Result>[]): Promise<void> {
    const taken = this.#options.take(
      room,
      gathered.map(({ item }) => item),
    )
    for (const { done } of gathered) done(taken)
    // Whoever waits hears of a failure; the next turn begins all the same.
    await taken.catch(() => {})
  }
}
