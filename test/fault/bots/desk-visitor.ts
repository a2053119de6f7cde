import { memoryOutboxStore } from '@switchboard/client/outbox-store'
import type { Transport } from '@switchboard/client/transport'
import { Visit } from '@switchboard/client/visit'
import { hasEnded } from '@switchboard/client/visit-fold'
import type { ClientOptions } from './bot-client.ts'
import { DeskPerson, quietly } from './desk-person.ts'
import type { DeskRates } from './desk-plan.ts'
import type { Dice } from './dice.ts'
import { Knowledge } from './knowledge.ts'

export interface VisitorOptions {
  readonly desk: string
  readonly url: string
  readonly dice: Dice
  readonly rates: DeskRates
  readonly client: Omit<ClientOptions, 'client' | 'knowledge' | 'token'>
  readonly nextName: () => string
}

const BEGIN_AGAIN_MS = 1_500
const AWAY_MS = [200, 4_000] as const
const LEAVES = 0.04
const RATES = 0.6
const REOPENS = 0.15

/** A visitor: enters, talks, leaves, goes away and comes back as the same person, rates, and after a while enters again. */
export class VisitorBot {
  readonly #options: VisitorOptions
  readonly #store = memoryOutboxStore()
  #identity: string | undefined
  #visit: Visit | undefined
  #person: DeskPerson | undefined
  #timer: NodeJS.Timeout | undefined
  #isBusy = false
  #isClosing = false
  #isEnded = false
  #visits = 0
  /** Conversations that are rated, or left as they are. */
  readonly #done = new Set<string>()
  #says = 0

  constructor(options: VisitorOptions) {
    this.#options = options
  }

  /** Nothing of theirs goes on any more: no conversation is open, and nothing is on its way. */
  get isSettled(): boolean {
    const { status = null, isReady = true } = this.#visit ?? {}
    return !this.#isBusy && this.inFlight === 0 && (this.#visit === undefined || (isReady && isOver(status)))
  }

  get inFlight(): number {
    return this.#person?.transport.inFlight ?? 0
  }

  get hasEntered(): boolean {
    return this.#visits > 0
  }

  begin(): void {
    const { dice, rates } = this.#options
    this.#next(dice.random() * (rates.arriveMs ?? rates.visitorMs))
  }

  /** No new conversations; what is open comes to its end. */
  close(isClosing: boolean): void {
    this.#isClosing = isClosing
  }

  end(): void {
    this.#isEnded = true
    clearTimeout(this.#timer)
    this.#away()
  }

  #next(ms: number): void {
    clearTimeout(this.#timer)
    if (!this.#isEnded) this.#timer = setTimeout(() => void this.#turn(), ms)
  }

  async #turn(): Promise<void> {
    const { dice, rates } = this.#options
    this.#isBusy = true
    let ms = dice.waitMs(1_000 / rates.visitorMs)
    try {
      if (!this.#visit) await this.#come()
      else if (this.#visit.isReady && this.#visit.board.connection.state === 'connected') ms += await this.#act()
    } finally {
      this.#isBusy = false
      this.#next(ms)
    }
  }

  async #come(): Promise<void> {
    if (this.#isClosing && this.#identity === undefined) return
    await quietly(async () => {
      const visit = await Visit.begin({
        url: this.#options.url,
        visitor: { desk: this.#options.desk, name: 'a bot' },
        identity: { load: () => this.#identity, keep: (identity) => this.#keep(identity) },
        storage: this.#store,
        websocket: WebSocket,
        wrap: (connection, user) => this.#wrap(connection, user),
      })
      if (this.#isEnded) visit.end()
      else this.#visit = visit
    })
    if (!this.#visit) await new Promise((resolve) => setTimeout(resolve, BEGIN_AGAIN_MS))
  }

  #keep(identity: string): void {
    this.#identity = identity
  }

  #wrap(connection: Transport, user: string): Transport {
    const { client, nextName } = this.#options
    const options = { ...client, client: nextName(), token: '', knowledge: new Knowledge(user, () => {}) }
    this.#person = new DeskPerson(options, connection)
    return this.#person.transport
  }

  #away(): void {
    this.#person?.end()
    this.#visit?.end()
    this.#visit = undefined
    this.#person = undefined
  }

  /** @returns for how much longer than else nothing is done. */
  async #act(): Promise<number> {
    const { dice, rates } = this.#options
    const visit = this.#visit as Visit
    const { status } = visit
    if (dice.chance(rates.returns)) {
      this.#away()
      return dice.between(...AWAY_MS)
    }
    if (status === null || (hasEnded(status) && this.#done.has(status.conversation))) return this.#enter(visit)
    if (hasEnded(status)) await this.#afterwards(visit, status.conversation)
    else if (status.state === 'queued' || status.state === 'offered') {
      if (dice.chance(rates.leavesWaiting)) await quietly(() => visit.leave())
      else if (dice.chance(rates.saysWaiting)) this.#say(visit)
    } else if (dice.chance(LEAVES)) await quietly(() => visit.leave())
    else if (!this.#isClosing) this.#say(visit)
    return 0
  }

  async #enter(visit: Visit): Promise<number> {
    const { dice, rates } = this.#options
    if (this.#isClosing || this.#visits >= (rates.visits ?? Number.POSITIVE_INFINITY)) return rates.betweenMs
    if (this.#visits > 0 && dice.chance(0.5)) return dice.waitMs(1_000 / rates.betweenMs)
    await quietly(async () => {
      await visit.enter({ form: { name: 'a bot' }, context: { page: '/cart' } })
      this.#visits += 1
    })
    return 0
  }

  async #afterwards(visit: Visit, conversation: string): Promise<void> {
    const { dice } = this.#options
    if (dice.chance(REOPENS) && !this.#isClosing) this.#say(visit)
    else {
      this.#done.add(conversation)
      // When all comes to its end, who has ended counts as settled: a rating later than that would come while the end is read.
      if (!this.#isClosing && dice.chance(RATES)) await quietly(() => visit.rate(dice.between(1, 5)))
    }
  }

  /** Also when an outbox is full: then nothing is said. */
  #say(visit: Visit): void {
    const { room } = visit
    if (!room || room.outgoing.length > 0) return
    this.#says += 1
    void quietly(() => Promise.resolve(room.send(`${visit.board.user} asks ${this.#says}`)))
  }
}

const isOver = (status: Visit['status']): boolean => status === null || hasEnded(status)
