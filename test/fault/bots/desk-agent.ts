import { AgentDesk } from '@switchboard/client/agent-desk'
import { CentrifugeTransport } from '@switchboard/client/centrifuge-transport'
import { cidSource } from '@switchboard/client/cid'
import { systemClock } from '@switchboard/client/clock'
import { isEnded } from '@switchboard/client/desk-table'
import { SwitchboardError } from '@switchboard/client/failure'
import { socketAddress } from '@switchboard/client/socket-address'
import { Switchboard } from '@switchboard/client/switchboard'
import type { StandingSeen } from '@switchboard/testkit/history/records-desk'
import type { ClientOptions } from './bot-client.ts'
import { DeskPerson, quietly } from './desk-person.ts'
import type { DeskRates, PlannedAgent } from './desk-plan.ts'
import type { Dice } from './dice.ts'

export interface AgentOptions {
  readonly planned: PlannedAgent
  readonly desk: string
  readonly client: ClientOptions
  readonly dice: Dice
  readonly rates: DeskRates
  readonly colleagues: readonly string[]
}

type Act = 'answer' | 'note' | 'transfer' | 'back' | 'hold' | 'snooze' | 'close' | 'stale'

const WEIGHTS: Readonly<Record<Act, number>> = {
  answer: 40,
  note: 8,
  transfer: 6,
  back: 3,
  hold: 8,
  snooze: 4,
  close: 25,
  stale: 6,
}
/** Of a bot: it answers, or says nothing and loses what it has, and what it has answered it hands over. */
const OF_BOT: Readonly<Record<Act, number>> = {
  ...WEIGHTS,
  note: 2,
  transfer: 0,
  back: 30,
  hold: 2,
  snooze: 0,
  close: 4,
}
/** Nobody begins anything new. */
const CLOSING: Readonly<Record<Act, number>> = { ...WEIGHTS, answer: 10, transfer: 0, back: 0, hold: 4, snooze: 0 }
const RECONNECT = { reconnectMsMin: 200, reconnectMsMax: 4_000 }
const DECIDES_MS = [50, 600] as const
const MISSED_MAX = 2
const SNOOZED_MS = [1_500, 6_000] as const

/** An agent in one life: takes offers or not, answers, hands on, puts aside, ends. */
export class AgentBot {
  readonly person: DeskPerson
  readonly board: Switchboard
  readonly desk: AgentDesk
  readonly #options: AgentOptions
  /** What they have. */
  readonly #own = new Map<string, StandingSeen>()
  /** The newest revision that they heard of, also of what they have no more: an answer can come after what followed it. */
  readonly #revisions = new Map<string, number>()
  readonly #offers = new Set<string>()
  #timer: NodeJS.Timeout | undefined
  #isOnline = false
  #isWorking = false
  #missed = 0
  #isClosing = false
  #says = 0

  constructor(options: AgentOptions) {
    this.#options = options
    const { client, desk, planned } = options
    const connection = new CentrifugeTransport({
      endpoint: socketAddress(client.url),
      token: client.token,
      websocket: WebSocket,
      ...RECONNECT,
    })
    this.person = new DeskPerson(client, connection)
    const { transport } = this.person
    this.board = new Switchboard({ user: planned.user, transport })
    const deps = { me: planned.user, clock: systemClock, transport, nextCid: cidSource(systemClock) }
    this.desk = planned.isWatching ? this.board.desk(desk) : new AgentDesk(desk, deps)
    this.#listen()
  }

  get isSettled(): boolean {
    const known = this.desk.status === 'live' && [...this.desk.conversations.values()].every(isEnded)
    return this.person.transport.inFlight === 0 && this.#own.size === 0 && (!this.#options.planned.isWatching || known)
  }

  begin(): void {
    void this.board.start()
    this.#next()
  }

  /** From now on agents take offers. */
  work(): void {
    this.#isWorking = true
  }

  close(isClosing: boolean): void {
    this.#isClosing = isClosing
  }

  end(): void {
    clearTimeout(this.#timer)
    this.person.end()
    this.board.end()
  }

  #listen(): void {
    const { desk, planned } = this.#options
    const prefix = `room:${desk}-`
    this.board.on('connection', () => {
      this.#isOnline = false
    })
    this.board.on('offer', ({ offer }) => this.#offered(offer))
    this.board.on('offerGone', ({ offer, reason }) => {
      this.#offers.delete(offer)
      // Whether they let it pass, or their answer came too late.
      if (reason === 'expired') this.#missed += 1
    })
    this.person.transport.on('publication', ({ channel, offset, data }) => {
      if (offset === undefined || !channel.startsWith(prefix)) return
      const { state, revision, agent } = data as Partial<StandingSeen>
      if (state !== undefined && revision !== undefined)
        this.#heard(channel.slice('room:'.length), { state, revision, agent: agent ?? null })
    })
    this.person.transport.on('subscribed', ({ channel }) => {
      if (channel.startsWith(prefix)) void this.#askAbout(channel.slice('room:'.length))
    })
    this.person.transport.on('unsubscribed', ({ channel }) => this.#own.delete(channel.slice('room:'.length)))
    if (planned.isWatching)
      this.desk.on('event', (event) => {
        if (event.type === 'conversation.changed') this.#heard(event.conversation.conversation, event.conversation)
      })
  }

  async #askAbout(conversation: string): Promise<void> {
    await quietly(async () => this.#heard(conversation, await this.board.call('desk.position', { conversation })))
  }

  #heard(conversation: string, standing: StandingSeen): void {
    const { state, revision, agent } = standing
    if ((this.#revisions.get(conversation) ?? 0) > revision) return
    this.#revisions.set(conversation, revision)
    const isMine = agent === this.#options.planned.user && state !== 'closed' && state !== 'moved'
    if (isMine) this.#own.set(conversation, { state, revision, agent })
    else this.#own.delete(conversation)
  }

  #offered(offer: string): void {
    this.#offers.add(offer)
    setTimeout(() => void this.#decide(offer), this.#options.dice.between(...DECIDES_MS))
  }

  async #decide(offer: string): Promise<void> {
    const { dice, rates } = this.#options
    if (!this.#offers.delete(offer)) return
    const { ignored, declined } = this.#isClosing ? { ignored: 0, declined: 0 } : rates
    const draw = dice.random()
    if (draw < ignored) return
    if (draw < ignored + declined) await quietly(() => this.desk.decline(offer))
    else
      await quietly(async () => {
        const { conversation, ...standing } = await this.desk.accept(offer)
        this.#heard(conversation, standing)
        this.#missed = 0
      })
  }

  #next(): void {
    const { dice, rates } = this.#options
    this.#timer = setTimeout(() => void this.#turn(), dice.waitMs(1_000 / rates.agentMs))
  }

  async #turn(): Promise<void> {
    try {
      if (this.board.connection.state !== 'connected' || !this.#isWorking) return
      if (!this.#isOnline || this.#missed > MISSED_MAX) await this.#comeOnline()
      else await this.#act()
    } finally {
      this.#next()
    }
  }

  /** Whoever has let offers pass counts as away, and says that they are not. */
  async #comeOnline(): Promise<void> {
    const { capacity } = this.#options.planned
    await quietly(async () => {
      if (this.#missed > MISSED_MAX) await this.desk.setStatus('away')
      await this.desk.setStatus('online', capacity)
      this.#isOnline = true
      this.#missed = 0
    })
  }

  async #act(): Promise<void> {
    const { dice, planned } = this.#options
    const [conversation, standing] = dice.pick([...this.#own]) ?? []
    if (conversation === undefined || !standing) return
    const at = { conversation, revision: standing.revision }
    const act = dice.weighted(this.#isClosing ? CLOSING : planned.isBot ? OF_BOT : WEIGHTS)
    if (act === 'answer') this.#say(conversation)
    else if (act === 'note') {
      this.#says += 1
      await quietly(() => this.desk.note(conversation, `note ${this.#says} of ${this.#options.client.client}`))
    } else await this.#change(act, at, standing)
  }

  async #change(
    act: Exclude<Act, 'answer' | 'note'>,
    at: { readonly conversation: string; readonly revision: number },
    { state }: StandingSeen,
  ): Promise<void> {
    const { dice, colleagues } = this.#options
    const { desk } = this
    if (state === 'held' || state === 'snoozed') return this.#do(at, () => desk.act('desk.resume', at))
    if (act === 'hold') return this.#do(at, () => desk.act('desk.hold', at))
    if (act === 'back') return this.#do(at, () => desk.act('desk.transfer', at, { to: { desk: this.desk.id } }))
    if (act === 'snooze') {
      const until = Date.now() + dice.between(...SNOOZED_MS)
      return this.#do(at, () => desk.act('desk.snooze', at, { until }))
    }
    if (act === 'transfer') {
      const agent = dice.pick(colleagues) ?? ''
      const note = `handed on by ${this.#options.client.client}`
      return this.#do(at, () => desk.act('desk.transfer', at, { to: { agent }, note }))
    }
    const late = act === 'stale' ? { ...at, revision: Math.max(1, at.revision - 1) } : at
    return this.#do(at, () => desk.act('desk.close', late))
  }

  /** How it stands comes with the answer, and with a refusal because somebody was faster. */
  async #do(
    at: { readonly conversation: string },
    work: () => Promise<StandingSeen & { readonly conversation: string }>,
  ): Promise<void> {
    try {
      this.#heard(at.conversation, await work())
    } catch (error) {
      if (!(error instanceof SwitchboardError)) throw error
      const { state, revision, agent } = (error.state ?? {}) as Partial<StandingSeen>
      if (state !== undefined && revision !== undefined)
        this.#heard(at.conversation, { state, revision, agent: agent ?? null })
      else if (error.code === 'not_found') this.#own.delete(at.conversation)
    }
  }

  #say(conversation: string): void {
    const room = this.board.room(conversation)
    // What was refused, as somebody else has it by now, is not said later.
    for (const { cid, state } of room.outgoing) if (state !== 'pending') this.board.outbox.discard(cid)
    if (room.outgoing.length > 0) return
    this.#says += 1
    void quietly(() => Promise.resolve(room.send(`answer ${this.#says} of ${this.#options.client.client}`)))
  }
}
