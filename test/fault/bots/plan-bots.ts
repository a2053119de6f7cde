import { type BotPlan, type Phone, type PlannedRoom, type PlannedUser, RATES, type Rates } from './bot-plan.ts'
import { type DeskCrowd, type DeskPart, planDesk } from './desk-plan.ts'
import { createDice, type Dice } from './dice.ts'

export interface PlanOptions {
  readonly seed: number
  readonly url: string
  readonly edgeUrls?: readonly string[]
  /** Client processes; every second one uses the plain client. */
  readonly processes: number
  readonly users: number
  readonly rooms: number
  /** Of all processes together. */
  readonly operationsPerSecond: number
  /** For those who have one: they are away most of the time. */
  readonly phones?: readonly Phone[]
  readonly rates?: Partial<Omit<Rates, 'operationsPerSecond'>>
  readonly desk?: DeskCrowd
  /** First part of the names of users, when several runs share a system. */
  readonly prefix?: string
  readonly journalPath: (process: string) => string
}

/** Who is connected twice at a time: a second device, for duplicates and for what each must see of the other. */
const SECOND_DEVICES = 0.4
/** Whose devices are in two processes. */
const IN_TWO_PROCESSES = 0.15
const PUBLIC_ROOMS = 0.4
const MEMBERS_MIN = 3
const MEMBERS_MAX = 10

/** Spreads people and rooms over client processes, the same for the same seed. A room has members in several of them. */
export function planBots(options: PlanOptions): BotPlan[] {
  const dice = createDice(options.seed).fork('plan')
  const { processes, url, edgeUrls, phones = [], prefix = 'bot', desk } = options
  const parts = desk === undefined ? [] : Array.from({ length: processes }, (_, i) => planDesk(desk, i, processes))
  const people = parts.flatMap(({ agents }) => agents.filter(({ isBot }) => !isBot))
  const colleagues = people.map(({ user }) => user)
  const names = Array.from({ length: processes }, (_, index) => `p${index + 1}`)
  const everyone = Array.from({ length: options.users }, (_, index) => `${prefix}-${index + 1}`)
  const users = everyone.map((user, index) => plannedUser(user, dice, phones[index]))
  const homes = new Map(everyone.map((user, index) => [user, index % processes]))
  const rooms = Array.from({ length: options.rooms }, (_, index) =>
    plannedRoom(`${prefix}-room-${index + 1}`, everyone, dice),
  )
  const guests = everyone.filter(() => dice.chance(IN_TWO_PROCESSES))
  return names.map((process, index) => ({
    process,
    seed: options.seed,
    kind: index % 2 === 0 ? 'sdk' : 'plain',
    url,
    ...(edgeUrls === undefined ? {} : { edgeUrls }),
    users: [
      ...users.filter(({ user }) => homes.get(user) === index),
      ...guests.filter((user) => (Number(homes.get(user)) + 1) % processes === index && processes > 1).map(guest),
    ],
    everyone,
    rooms: rooms.filter(({ owner }) => homes.get(owner) === index),
    known: [],
    rates: { ...RATES, ...options.rates, operationsPerSecond: options.operationsPerSecond / processes },
    ...deskOf(parts[index], colleagues),
    journalPath: options.journalPath(process),
  }))
}

const deskOf = (part: DeskPart | undefined, colleagues: readonly string[]) =>
  part === undefined ? {} : { desk: { ...part, colleagues } }

const guest = (user: string): PlannedUser => ({ user, connections: 1 })

const plannedUser = (user: string, dice: Dice, phone: Phone | undefined): PlannedUser =>
  phone === undefined ? { user, connections: dice.chance(SECOND_DEVICES) ? 2 : 1 } : { user, connections: 1, phone }

function plannedRoom(cid: string, everyone: readonly string[], dice: Dice): PlannedRoom {
  const count = dice.between(MEMBERS_MIN, Math.min(MEMBERS_MAX, everyone.length - 1))
  const members = new Set<string>()
  while (members.size <= count) members.add(dice.pick(everyone) ?? '')
  const [owner = '', ...others] = members
  return { cid, kind: dice.chance(PUBLIC_ROOMS) ? 'public' : 'group', owner, members: others }
}
