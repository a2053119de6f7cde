import type { BotClient } from './bot-client.ts'
import type { Rates } from './bot-plan.ts'
import type { Dice } from './dice.ts'

export interface SeatOptions {
  readonly client: BotClient
  readonly dice: Dice
  readonly rates: Rates
  /** Of somebody with a phone, who looks in now and then. */
  readonly isMostlyAway: boolean
  readonly nextName: () => string
}

/** How much longer than others somebody with a phone is away, and how much shorter they stay. */
const PHONE = { away: 4, present: 0.2 }

/** One place from which a person is connected: they leave it on purpose now and then and come back, sometimes without their place. */
export class Seat {
  #client: BotClient
  readonly #options: SeatOptions
  #timer: NodeJS.Timeout | undefined
  #isStaying = false

  constructor(options: SeatOptions) {
    this.#client = options.client
    this.#options = options
  }

  get client(): BotClient {
    return this.#client
  }

  begin(): void {
    this.#client.connect()
    this.#presently()
  }

  /** From now on it stays connected, or stays no more. */
  stay(isStaying: boolean): void {
    this.#isStaying = isStaying
    if (isStaying) this.#client.connect()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#client.end()
  }

  #presently(): void {
    const { dice, rates, isMostlyAway } = this.#options
    const [from, to] = rates.presentMs
    this.#timer = setTimeout(() => this.#leave(), dice.between(from, to) * (isMostlyAway ? PHONE.present : 1))
  }

  #leave(): void {
    if (this.#isStaying) {
      this.#presently()
      return
    }
    this.#client.disconnect()
    const { dice, rates, isMostlyAway } = this.#options
    const [from, to] = rates.awayMs
    const isLost = dice.chance(rates.lostPlaces)
    this.#timer = setTimeout(() => this.#return(isLost), dice.between(from, to) * (isMostlyAway ? PHONE.away : 1))
  }

  #return(isLost: boolean): void {
    // Whoever was told to stay meanwhile is connected already.
    if (isLost && !this.#isStaying) this.#client = this.#client.returnLost(this.#options.nextName())
    else this.#client.connect()
    this.#presently()
  }
}
