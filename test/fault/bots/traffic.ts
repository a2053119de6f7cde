import type { Operation } from '@switchboard/testkit/history/records'
import type { BotClient } from './bot-client.ts'
import { type Action, type BotPlan, type KnownRoom, WEIGHTS } from './bot-plan.ts'
import type { Dice } from './dice.ts'
import type { Knowledge, RoomKnowledge } from './knowledge.ts'
import type { Draft } from './operations.ts'
import type { Seat } from './seat.ts'

/** A bot waits for answers like anybody: it does not pile up commands while the system is away. */
const IN_FLIGHT_MAX = 8
const CREATED_MAX = 12
const MEMBERS_MIN = 2
const MEMBERS_MAX = 6
const LONG_TEXT = 2_000
const LONG_TEXTS = 0.02
const OLD_MARKS = 0.2
const EMOJI = ['👍', '🎉', '🤔'] as const

export interface Person {
  readonly knowledge: Knowledge
  readonly seats: readonly Seat[]
}

export interface TrafficOptions {
  readonly plan: BotPlan
  readonly dice: Dice
  readonly people: readonly Person[]
  readonly publicRooms: ReadonlyMap<string, KnownRoom>
  readonly newCid: () => string
}

/** What somebody does at this moment: with which connection, and what they know. */
interface Turn {
  readonly person: Person
  readonly client: BotClient
  readonly knowledge: Knowledge
}

/** Chooses who does what next, until it is told to pause. */
export class Traffic {
  readonly #options: TrafficOptions
  readonly #weights: Readonly<Record<Action, number>>
  readonly #background = new WeakSet<BotClient>()
  #timer: NodeJS.Timeout | undefined
  #texts = 0
  #created = 0

  constructor(options: TrafficOptions) {
    this.#options = options
    this.#weights = { ...WEIGHTS, ...options.plan.rates.weights }
  }

  start(): void {
    this.pause()
    const { dice, plan } = this.#options
    const next = () => {
      this.#timer = setTimeout(() => {
        next()
        this.#act()
      }, dice.waitMs(plan.rates.operationsPerSecond))
    }
    next()
  }

  pause(): void {
    clearTimeout(this.#timer)
  }

  #act(): void {
    const { dice, people } = this.#options
    const action = dice.weighted(this.#weights)
    const person = dice.pick(people)
    const seat = dice.pick(person?.seats.filter(({ client }) => client.isConnected) ?? [])
    if (!person || !seat || seat.client.inFlight >= IN_FLIGHT_MAX) return
    const turn = { person, client: seat.client, knowledge: person.knowledge }
    switch (action) {
      case 'duplicate':
        this.#duplicate(turn)
        break
      case 'parallel':
        this.#parallel(turn)
        break
      case 'looking':
        this.#look(turn.client)
        break
      case 'online':
        this.#watch(turn)
        break
      default: {
        const draft = this.#draft(action, turn.knowledge)
        if (draft) void turn.client.perform(draft)
      }
    }
  }

  #watch({ client, knowledge }: Turn): void {
    const room = this.#options.dice.pick(knowledge.own)
    if (room) void client.watchOnline(room.room)
  }

  #draft(action: Exclude<Action, 'duplicate' | 'parallel' | 'looking' | 'online'>, knowledge: Knowledge): Draft | null {
    const { dice } = this.#options
    if (action === 'create') return this.#create()
    if (action === 'join') return this.#join(knowledge)
    const room = dice.pick(knowledge.own)
    if (!room) return null
    switch (action) {
      case 'send':
        return { name: 'send', room: room.room, text: this.#text(knowledge.user) }
      case 'read':
        return this.#read(room)
      case 'leave':
        return { name: 'leave', room: room.room }
      case 'add':
      case 'remove':
        return this.#change(action, knowledge)
      default:
        return this.#onMessage(action, room, knowledge.user)
    }
  }

  #onMessage(action: 'edit' | 'delete' | 'react', { room, messages }: RoomKnowledge, user: string): Draft | null {
    const { dice } = this.#options
    const message = dice.pick(action === 'react' ? messages : messages.filter(({ isMine }) => isMine))
    if (!message) return null
    const { seq } = message
    if (action === 'edit') return { name: 'edit', room, seq, text: this.#text(user) }
    if (action === 'delete') return { name: 'delete', room, seq }
    return { name: 'react', room, seq, emoji: dice.pick(EMOJI) ?? EMOJI[0], on: dice.chance(0.7) }
  }

  #read({ room, head }: RoomKnowledge): Draft | null {
    const { dice } = this.#options
    if (head === 0) return null
    return { name: 'read', room, seq: dice.chance(OLD_MARKS) ? dice.between(1, head) : head }
  }

  #join(knowledge: Knowledge): Draft | null {
    const { dice, publicRooms } = this.#options
    const others = [...publicRooms.keys()].filter((room) => !knowledge.rooms.get(room)?.clients.size)
    const room = dice.pick(others)
    return room === undefined ? null : { name: 'join', room }
  }

  #change(name: 'add' | 'remove', knowledge: Knowledge): Draft | null {
    const { dice, plan } = this.#options
    const room = dice.pick(knowledge.own.filter(({ isOwner }) => isOwner))
    const candidates = room && (name === 'remove' ? [...room.members] : plan.everyone)
    const user = dice.pick((candidates ?? []).filter((one) => one !== knowledge.user))
    return room && user !== undefined ? { name, room: room.room, user } : null
  }

  #create(): Draft | null {
    const { dice, plan } = this.#options
    if (this.#created === CREATED_MAX) return null
    this.#created++
    const count = dice.between(MEMBERS_MIN, MEMBERS_MAX)
    const members = new Set(Array.from({ length: count }, () => dice.pick(plan.everyone) ?? ''))
    return { name: 'create', kind: dice.chance(0.5) ? 'group' : 'public', members: [...members] }
  }

  #duplicate({ client, knowledge }: Turn): void {
    const done = this.#options.dice.pick(knowledge.done)
    if (done) void client.repeat(done.operation)
  }

  #parallel({ person, client, knowledge }: Turn): void {
    const { dice, newCid } = this.#options
    const other = person.seats.map((seat) => seat.client).find((one) => one !== client && one.isConnected)
    const draft = this.#draft('send', knowledge)
    if (!draft || !other) return
    const operation = { ...draft, cid: newCid() } as Operation
    const both = dice.chance(0.5) ? [client, other] : [other, client]
    for (const one of both) void one.repeat(operation)
  }

  #look(client: BotClient): void {
    const isLooking = this.#background.delete(client)
    if (!isLooking) this.#background.add(client)
    void client.setLooking(isLooking)
  }

  #text(user: string): string {
    const text = `${user} says number ${++this.#texts} from ${this.#options.plan.process}`
    return this.#options.dice.chance(LONG_TEXTS) ? text.padEnd(LONG_TEXT, ' and so on') : text
  }
}
