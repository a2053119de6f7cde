import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { UserRooms } from '@switchboard/contracts/queries'
import type { Clock } from './clock.ts'

interface Asking {
  readonly user: string
  readonly done: (answer: UserRooms | Refusal) => void
}

/** Users in one question: with long lists the answer still fits into one NATS message; where it does not, each is asked for alone. */
const USERS_MAX = 16

/** Many people connect at once after a restart: whoever asks in the same turn of the loop asks together. */
export class UserRoomsGatherer {
  readonly #clock: Clock
  readonly #ask: (users: string[]) => Promise<{ lists: UserRooms[] } | Refusal>
  #waiting: Asking[] = []

  constructor(clock: Clock, ask: (users: string[]) => Promise<{ lists: UserRooms[] } | Refusal>) {
    this.#clock = clock
    this.#ask = ask
  }

  ask(user: string): Promise<UserRooms | Refusal> {
    return new Promise((done) => {
      this.#waiting.push({ user, done })
      if (this.#waiting.length === 1) this.#clock.soon(() => this.#askAll())
    })
  }

  #askAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (let from = 0; from < waiting.length; from += USERS_MAX)
      void this.#askPart(waiting.slice(from, from + USERS_MAX))
  }

  async #askPart(part: readonly Asking[]): Promise<void> {
    const answer = await this.#ask(part.map(({ user }) => user))
    if (isRefusal(answer)) {
      if (part.length === 1 || answer.code !== 'too_large') for (const { done } of part) done(answer)
      else for (const asking of part) void this.#askPart([asking])
      return
    }
    const lists = new Map(answer.lists.map((list) => [list.user, list]))
    for (const { user, done } of part) done(lists.get(user) ?? refuse('unavailable'))
  }
}
