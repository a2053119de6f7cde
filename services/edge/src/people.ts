import type { Refusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { Clock } from './clock.ts'
import { Person, type PersonParts, type Present } from './person.ts'

interface Held {
  readonly person: Person
  cancelLinger: (() => void) | null
}

/** Everybody with a connection here, once, however many connections they have. They stay a little after the last one. */
export class People implements Disposable {
  readonly #parts: PersonParts
  readonly #clock: Clock
  readonly #held = new Map<string, Held>()

  constructor(parts: PersonParts, clock: Clock) {
    this.#parts = parts
    this.#clock = clock
  }

  get size(): number {
    return this.#held.size
  }

  find(user: string): Person | undefined {
    return this.#held.get(user)?.person
  }

  /** Adds a connection; it must leave again, also when this was refused. @returns the person with their rooms known, or why not. */
  async join(user: string, connection: Present): Promise<Person | Refusal> {
    const held = this.#held.get(user) ?? this.#hold(user)
    held.cancelLinger?.()
    held.cancelLinger = null
    held.person.connections.add(connection)
    const refusal = await held.person.ready
    if (refusal === null) return held.person
    // The next one asks again.
    if (this.#held.get(user) === held) this.#held.delete(user)
    return refusal
  }

  leave(user: string, connection: Present): void {
    const held = this.#held.get(user)
    if (!held?.person.connections.delete(connection) || held.person.connections.size > 0) return
    held.cancelLinger = this.#clock.after(MAX.feedLingerMs, () => this.#drop(user, held))
  }

  /** What was known of this person is void. */
  forget(user: string): void {
    const held = this.#held.get(user)
    if (held) this.#drop(user, held)
  }

  [Symbol.dispose](): void {
    for (const held of this.#held.values()) held.cancelLinger?.()
    this.#held.clear()
  }

  #hold(user: string): Held {
    const held: Held = { person: new Person(user, this.#parts), cancelLinger: null }
    this.#held.set(user, held)
    return held
  }

  #drop(user: string, held: Held): void {
    if (this.#held.get(user) === held) this.#held.delete(user)
    held.person.close()
  }
}
