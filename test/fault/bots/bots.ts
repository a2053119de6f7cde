import { cidSource } from '@switchboard/client/cid'
import { systemClock } from '@switchboard/client/clock'
import { pause } from '@switchboard/runtime/deadline'
import { createSlots } from '@switchboard/runtime/slots'
import { askApi, logIn } from './accounts.ts'
import { comeFromEverywhere } from './addresses.ts'
import type { BotClient, Tally } from './bot-client.ts'
import type { BotPlan, KnownRoom, PlannedUser, Summary } from './bot-plan.ts'
import { DeskBots } from './desk-bots.ts'
import { createDice, type Dice } from './dice.ts'
import { Journal, nowMs } from './journal.ts'
import { Knowledge } from './knowledge.ts'
import { PlainClient } from './plain-client.ts'
import { SdkClient } from './sdk-client.ts'
import { Seat } from './seat.ts'
import { type Person, Traffic } from './traffic.ts'

const LOG_INS_AT_ONCE = 4
const LOOK_MS = 100
const HEADS_MS = 500
/** Of the clients of kind `plain`. */
const PROTOBUF = 0.3
/** Of second connections: those that are made at a certain edge. */
const AT_ONE_EDGE = 0.5

interface Citizen extends Person {
  readonly token: string
}

/** All bots of one client process. */
export class Bots implements Disposable {
  readonly #plan: BotPlan
  readonly #journal: Journal
  readonly #dice: Dice
  readonly #onRoom: (room: KnownRoom) => void
  readonly #publicRooms = new Map<string, KnownRoom>()
  readonly #tally: Tally = { attempts: 0, ok: 0, refused: 0, unknown: 0 }
  readonly #desk: DeskBots | undefined
  #people: Citizen[] = []
  #traffic: Traffic | undefined
  #isStarted = false
  #clients = 0
  #cids = 0
  readonly #uuid = cidSource(systemClock)

  /** `onRoom` is told of the rooms that these bots make. */
  constructor(plan: BotPlan, onRoom: (room: KnownRoom) => void) {
    this.#plan = plan
    this.#journal = new Journal(plan.journalPath, plan.process)
    this.#dice = createDice(plan.seed).fork(plan.process)
    this.#onRoom = onRoom
    for (const room of plan.known) this.know(room)
    if (plan.desk) this.#desk = this.#deskBots(plan.desk)
  }

  /** Makes the accounts, logs in, registers phones. @throws when the system does not answer for long. */
  async prepare(): Promise<void> {
    const inTurn = createSlots(LOG_INS_AT_ONCE)
    this.#people = await Promise.all(this.#plan.users.map((user) => inTurn(() => this.#citizen(user))))
    await this.#desk?.prepare()
    const { plan, people } = { plan: this.#plan, people: this.#people }
    const options = { plan, people, publicRooms: this.#publicRooms, newCid: () => this.#newCid() }
    this.#traffic = new Traffic({ ...options, dice: this.#dice.fork('traffic') })
  }

  /** A room that the bots of another process have made: anybody may join it. */
  know(room: KnownRoom): void {
    if (room.kind === 'public') this.#publicRooms.set(room.room, room)
  }

  start(): void {
    this.#traffic?.start()
    this.#desk?.start()
    for (const seat of this.#seats) seat.stay(false)
    if (this.#isStarted) return
    this.#isStarted = true
    for (const seat of this.#seats) seat.begin()
    for (const { cid, kind, owner, members } of this.#plan.rooms) {
      const client = this.#people.find(({ knowledge }) => knowledge.user === owner)?.seats[0]?.client
      void client?.repeat({ name: 'create', cid, kind, members })
    }
  }

  /** Agents who were to wait begin. */
  work(): void {
    this.#desk?.work()
  }

  /** No new operations; at a desk, what is open is brought to its end. Connections stay as they are. */
  pause(): void {
    this.#traffic?.pause()
    this.#desk?.close(true)
    for (const seat of this.#seats) seat.stay(true)
  }

  /** Everybody comes back and waits for what is on its way. */
  async finish(msMax: number): Promise<Summary> {
    this.pause()
    const deadline = performance.now() + msMax
    while (!this.#isSettled && performance.now() < deadline) await pause(LOOK_MS)
    this.#journal.flush()
    return this.summary()
  }

  /** How it stands by now. */
  summary(): Summary {
    const sum = (of: (client: BotClient) => number) => this.#clientsNow.reduce((total, one) => total + of(one), 0)
    return {
      settled: this.#isSettled,
      inFlight: sum((client) => client.inFlight) + (this.#desk?.inFlight ?? 0),
      waiting: sum((client) => client.waiting),
      records: this.#journal.records,
      ...this.#tally,
      seen: sum((client) => client.view.seen) + (this.#desk?.seen ?? 0),
      away: [
        ...this.#clientsNow.filter((client) => !client.isConnected).map(({ client }) => client),
        ...(this.#desk?.unsettled ?? []),
      ],
      entered: this.#desk?.entered ?? 0,
    }
  }

  /** Waits until every connection has seen everything of its rooms. @returns those that have not, with the first such room. */
  async settle(msMax: number): Promise<string[]> {
    const deadline = performance.now() + msMax
    for (;;) {
      const behind = (await Promise.all(this.#people.map((person) => this.#behind(person)))).flat()
      if (behind.length === 0 || performance.now() > deadline) {
        this.#journal.flush()
        return behind
      }
      await pause(HEADS_MS)
    }
  }

  /** Who has a connection, and for how long without a break. */
  present(): { user: string; sinceMs: number }[] {
    const now = nowMs()
    return this.#people.flatMap(({ knowledge, seats }) => {
      const times = seats.flatMap(({ client }) => client.view.connectedAtMs ?? [])
      return times.length === 0 ? [] : [{ user: knowledge.user, sinceMs: now - Math.min(...times) }]
    })
  }

  /** The journal ends first: who is connected at its end had to see everything, and was not sent away. */
  [Symbol.dispose](): void {
    this.#traffic?.pause()
    this.#journal[Symbol.dispose]()
    for (const seat of this.#seats) seat.end()
    this.#desk?.end()
  }

  get #seats(): Seat[] {
    return this.#people.flatMap(({ seats }) => seats)
  }

  get #clientsNow(): BotClient[] {
    return this.#seats.map(({ client }) => client)
  }

  get #isSettled(): boolean {
    if ((this.#desk?.unsettled.length ?? 0) > 0) return false
    return this.#clientsNow.every(
      ({ isConnected, inFlight, waiting, view }) => isConnected && inFlight === 0 && waiting === 0 && view.whole,
    )
  }

  async #behind({ token, seats }: Citizen): Promise<string[]> {
    const { status, body } = await askApi(this.#plan.url, { path: '/v1/rooms', token })
    if (status !== 200) return [`a room list was answered with ${status}`]
    const rooms = body.rooms as { room: string; head: number }[]
    return seats.flatMap(({ client: { client, view } }) => {
      const first = rooms.find(({ room, head }) => (view.positions.get(room) ?? 0) < head)
      return first ? [`${client} has seen ${view.positions.get(first.room)} of ${first.head} of ${first.room}`] : []
    })
  }

  async #citizen(planned: PlannedUser): Promise<Citizen> {
    const { user, connections, phone } = planned
    const token = await logIn(this.#plan.url, user)
    if (phone) {
      const path = `/v1/devices/${phone.device}`
      const { status } = await askApi(this.#plan.url, { method: 'PUT', path, token, body: phone.body })
      if (status !== 204) throw new Error(`the phone of ${user} was answered with ${status}`)
      this.#journal.write({ type: 'device', user, target: phone.target })
    }
    const knowledge = new Knowledge(user, (room) => {
      this.know(room)
      this.#onRoom(room)
    })
    const seats = Array.from({ length: connections }, (_, index) => this.#seat(knowledge, { token, planned, index }))
    return { knowledge, token, seats }
  }

  #deskBots({ colleagues, ...part }: NonNullable<BotPlan['desk']>): DeskBots {
    const client = {
      journal: this.#journal,
      tally: this.#tally,
      url: this.#plan.url,
      newCid: () => this.#newCid(),
    }
    const nextName = () => `${this.#plan.process}-${++this.#clients}`
    if (part.isFromEverywhere) comeFromEverywhere(this.#dice.fork('addresses'))
    return new DeskBots({ part, colleagues, client, nextName, dice: this.#dice.fork('desk') })
  }

  #seat(knowledge: Knowledge, { token, planned, index }: { token: string; planned: PlannedUser; index: number }): Seat {
    const dice = this.#dice.fork(`${planned.user} ${index}`)
    const { url, edgeUrls = [], kind, rates } = this.#plan
    const nextName = () => `${this.#plan.process}-${++this.#clients}`
    const options = {
      client: nextName(),
      knowledge,
      journal: this.#journal,
      tally: this.#tally,
      token,
      url: index > 0 && dice.chance(AT_ONE_EDGE) ? (dice.pick(edgeUrls) ?? url) : url,
      newCid: () => this.#newCid(),
    }
    const client = kind === 'sdk' ? new SdkClient(options) : new PlainClient(options, dice.chance(PROTOBUF))
    return new Seat({ client, dice, rates, isMostlyAway: planned.phone !== undefined, nextName })
  }

  /** Both sorts that the protocol takes: those whose age can be told, and any other text. */
  #newCid(): string {
    this.#cids++
    return this.#cids % 2 === 0 ? this.#uuid() : `${this.#plan.process}.${this.#cids}`
  }
}
