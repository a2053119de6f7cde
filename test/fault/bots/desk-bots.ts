import { pause } from '@switchboard/runtime/deadline'
import { createSlots } from '@switchboard/runtime/slots'
import { askApi, logIn } from './accounts.ts'
import type { ClientOptions } from './bot-client.ts'
import { AgentBot } from './desk-agent.ts'
import type { DeskPart, PlannedAgent } from './desk-plan.ts'
import { VisitorBot } from './desk-visitor.ts'
import type { Dice } from './dice.ts'
import { Knowledge } from './knowledge.ts'

export interface DeskBotsOptions {
  readonly part: DeskPart
  /** Of the whole desk: to whom conversations are handed on. */
  readonly colleagues: readonly string[]
  readonly dice: Dice
  readonly client: Omit<ClientOptions, 'client' | 'knowledge' | 'token'>
  readonly nextName: () => string
}

const AT_ONCE = 4
const LOOK_MS = 1_000
/** How long who has died stays away: shorter than anybody notices, or long enough for what they had to wait again. */
const SHORT_MS = [500, 5_000] as const
const LONG_MS = [18_000, 30_000] as const
const LONG = 0.4

/** An agent over all lives. */
interface AgentSeat {
  readonly planned: PlannedAgent
  readonly token: string
  readonly dice: Dice
  bot: AgentBot | undefined
}

/** All people of a desk in one client process. */
export class DeskBots {
  readonly #options: DeskBotsOptions
  readonly #visitors: VisitorBot[]
  #agents: AgentSeat[] = []
  #deaths: NodeJS.Timeout | undefined
  readonly #returns = new Set<NodeJS.Timeout>()
  #isClosing = false
  #isWorking = true
  #isStarted = false

  constructor(options: DeskBotsOptions) {
    this.#options = options
    const { part, dice, client, nextName } = options
    const { desk, rates } = part
    this.#visitors = Array.from(
      { length: part.visitors },
      (_, i) => new VisitorBot({ desk, rates, dice: dice.fork(`visitor ${i}`), client, url: client.url, nextName }),
    )
    this.#isWorking = !rates.agentsWait
  }

  get inFlight(): number {
    const visitors = this.#visitors.reduce((sum, { inFlight }) => sum + inFlight, 0)
    return this.#agents.reduce((sum, { bot }) => sum + (bot?.person.transport.inFlight ?? 0), visitors)
  }

  get seen(): number {
    return this.#agents.reduce((sum, { bot }) => sum + (bot?.person.view.seen ?? 0), 0)
  }

  get entered(): number {
    return this.#visitors.filter(({ hasEntered }) => hasEntered).length
  }

  /** Who is not at rest: with something on its way, or somewhere in a conversation. */
  get unsettled(): string[] {
    const agents = this.#agents.filter(({ bot }) => bot?.isSettled !== true).map(({ planned }) => planned.user)
    const visitors = this.#visitors.filter(({ isSettled }) => !isSettled).length
    return visitors === 0 ? agents : [...agents, `${visitors} visitors`]
  }

  /** Makes the agents, and says that they are some. @throws when the system does not answer for long. */
  async prepare(): Promise<void> {
    const { part, client, dice } = this.#options
    const inTurn = createSlots(AT_ONCE)
    this.#agents = await Promise.all(
      part.agents.map((planned) =>
        inTurn(async () => {
          const token = await logIn(client.url, planned.user)
          const path = `/v1/desks/${part.desk}/agents/${planned.user}`
          const body = { capacity: planned.capacity, bot: planned.isBot }
          const { status } = await askApi(client.url, { method: 'PUT', path, key: part.key, body })
          if (status !== 200) throw new Error(`the agent ${planned.user} was answered with ${status}`)
          return { planned, token, dice: dice.fork(planned.user), bot: undefined }
        }),
      ),
    )
  }

  start(): void {
    this.close(false)
    if (this.#isStarted) return
    this.#isStarted = true
    for (const seat of this.#agents) this.#begin(seat)
    for (const visitor of this.#visitors) visitor.begin()
    this.#deaths = setInterval(() => this.#someDie(), LOOK_MS)
  }

  /** Agents who were to wait take offers from now on. */
  work(): void {
    this.#isWorking = true
    for (const { bot } of this.#agents) bot?.work()
  }

  /** Nothing new is begun, and what is open comes to its end. */
  close(isClosing: boolean): void {
    this.#isClosing = isClosing
    for (const { bot } of this.#agents) bot?.close(isClosing)
    for (const visitor of this.#visitors) visitor.close(isClosing)
  }

  end(): void {
    clearInterval(this.#deaths)
    for (const timer of this.#returns) clearTimeout(timer)
    for (const { bot } of this.#agents) bot?.end()
    for (const visitor of this.#visitors) visitor.end()
  }

  #begin(seat: AgentSeat): void {
    const { part, client, nextName, colleagues } = this.#options
    const { planned, token } = seat
    const own = { ...client, client: nextName(), token, knowledge: new Knowledge(planned.user, () => {}) }
    const { desk, rates } = part
    const bot = new AgentBot({ planned, desk, rates, client: own, dice: seat.dice, colleagues })
    bot.close(this.#isClosing)
    if (this.#isWorking) bot.work()
    seat.bot = bot
    bot.begin()
  }

  /** Their programs end in the middle of whatever they do; later others begin, which know nothing of it. */
  #someDie(): void {
    if (this.#isClosing || !this.#isWorking) return
    const { rates } = this.#options.part
    for (const seat of this.#agents) {
      if (!seat.bot || !seat.dice.chance(rates.deaths)) continue
      seat.bot.end()
      seat.bot = undefined
      const [from, to] = seat.dice.chance(LONG) ? LONG_MS : SHORT_MS
      const timer = setTimeout(() => this.#begin(seat), seat.dice.between(from, to))
      this.#returns.add(timer)
    }
  }

  /** Resolves when all are at rest, or not in time. */
  async settled(msMax: number): Promise<void> {
    const deadline = performance.now() + msMax
    while (this.unsettled.length > 0 && performance.now() < deadline) await pause(LOOK_MS)
  }
}
