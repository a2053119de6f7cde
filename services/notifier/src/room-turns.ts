interface Waiting<Item, Result> {
  readonly item: Item
  readonly done: (result: Result | PromiseLike<Result>) => void
}

/**
 * Gathers items by room: what comes while the turn of its room runs goes into the next turn together, so that a busy room asks one
 * question for all that has piled up. A turn begins after its last item came: its answer is as fresh as if each had asked alone.
 */
export class RoomTurns<Item, Result> {
  readonly #take: (room: string, items: readonly Item[]) => Promise<Result>
  readonly #waiting = new Map<string, Waiting<Item, Result>[]>()
  readonly #running = new Set<string>()

  constructor(take: (room: string, items: readonly Item[]) => Promise<Result>) {
    this.#take = take
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
    this.#running.add(room)
    while (this.#waiting.has(room)) await this.#turn(room)
    this.#running.delete(room)
  }

  async #turn(room: string): Promise<void> {
    const gathered = this.#waiting.get(room) ?? []
    this.#waiting.delete(room)
    const taken = this.#take(
      room,
      gathered.map(({ item }) => item),
    )
    for (const { done } of gathered) done(taken)
    // Whoever waits hears of a failure; the next turn begins all the same.
    await taken.catch(() => {})
  }
}
