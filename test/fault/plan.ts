import { type Dice, diceOf } from './plan-dice.ts'

export type Mode = 'safety' | 'liveness'

/** What a fault takes away. Two faults with a claim in common are never on at the same time. */
export type Claim =
  | 'edge'
  | 'router'
  | 'storage'
  | 'notifier'
  /** A node, or the links between nodes: never two at once, so a majority is gone only where a fault means it. */
  | 'nats'
  /** The links from the services to NATS. */
  | 'bus'
  | 'mongo'
  | 'clients'
  | 'push'
  | 'clocks'
  | 'commands'

/** As much of a fault as a plan needs. */
export interface Plannable {
  readonly name: string
  readonly claims: readonly Claim[]
  /** How long it stays, at least and at most. */
  readonly seconds: readonly [min: number, max: number]
  readonly weight: number
  readonly targets: readonly string[]
}

export interface PlannedFault {
  /** `f1`, `f2` … in the order of their beginnings. */
  readonly id: string
  readonly name: string
  readonly target: string
  readonly beginMs: number
  readonly durationMs: number
  /** Faults of one crowd come together; between two crowds it is quiet. */
  readonly crowd: number
}

export interface Plan {
  readonly seed: number
  readonly minutes: number
  readonly mode: Mode
  readonly faults: readonly PlannedFault[]
}

export interface PlanOptions {
  readonly seed: number
  readonly minutes: number
  readonly mode: Mode
  readonly faults: readonly Plannable[]
}

const LEAD_MS = 1_000
/** Faults that begin together do so within this time, in any order. */
const SPREAD_MS = 2_500
const GAP_MS: readonly [number, number] = [2_000, 6_000]
/** How many faults are on at the same time: two are usual, as real troubles come in pairs. */
const CROWDS = [1, 1, 2, 2, 2, 3]
/** No fault may fill a short run: what follows it is what the run is for. */
const SHARE_MAX = 0.4

/**
 * The whole schedule, from nothing but its options. Faults come in crowds of up to three with quiet gaps between them; each
 * comes once before any comes twice; all are healed at the end.
 * @throws Error when the run is too short for any of them.
 */
export function planFaults(options: PlanOptions): Plan {
  const { seed, minutes, mode, faults } = options
  const dice = diceOf(`${mode}/${seed}`)
  const planned = mode === 'liveness' ? planOne(dice, options) : planCrowds(dice, options)
  if (planned.length === 0) {
    const names = faults.map(({ name }) => name).join(', ')
    throw new Error(`${minutes} minutes are too short for any of: ${names || 'no faults at all'}`)
  }
  const inOrder = planned.sort((a, b) => a.beginMs - b.beginMs)
  return { seed, minutes, mode, faults: inOrder.map((fault, i) => ({ id: `f${i + 1}`, ...fault })) }
}

type Unnamed = Omit<PlannedFault, 'id'>

/** One fault that stays for the whole run. */
function planOne(dice: Dice, { minutes, faults }: PlanOptions): Unnamed[] {
  const [fault] = dice.shuffle(faults)
  if (!fault) return []
  const totalMs = minutes * 60_000
  const target = dice.pick(fault.targets)
  return [{ name: fault.name, target, beginMs: LEAD_MS, durationMs: totalMs - LEAD_MS, crowd: 1 }]
}

function planCrowds(dice: Dice, { minutes, faults }: PlanOptions): Unnamed[] {
  const totalMs = minutes * 60_000
  const planned: Unnamed[] = []
  let bag: Plannable[] = []
  let fromMs = LEAD_MS
  for (let crowd = 1; ; crowd += 1) {
    const room = { fromMs, endMs: totalMs, longestMs: totalMs * SHARE_MAX }
    const left = (list: readonly Plannable[]) => list.filter((fault) => fits(fault, room))
    if (left(bag).length === 0) bag = dice.shuffle(faults)
    const chosen = chooseCrowd(left(bag), dice.pick(CROWDS))
    if (chosen.length === 0) return planned
    bag = bag.filter((fault) => !chosen.includes(fault))
    const placed = chosen.map((fault) => ({ ...place(dice, fault, room), crowd }))
    planned.push(...placed)
    fromMs = Math.max(...placed.map(({ beginMs, durationMs }) => beginMs + durationMs)) + dice.int(...GAP_MS)
  }
}

interface Room {
  readonly fromMs: number
  readonly endMs: number
  readonly longestMs: number
}

const fits = ({ seconds: [min] }: Plannable, { fromMs, endMs, longestMs }: Room): boolean =>
  min * 1_000 <= longestMs && fromMs + SPREAD_MS + min * 1_000 <= endMs

function chooseCrowd(bag: readonly Plannable[], size: number): Plannable[] {
  const crowd: Plannable[] = []
  const taken = new Set<Claim>()
  for (const fault of bag) {
    if (crowd.length === size) break
    if (fault.claims.some((claim) => taken.has(claim))) continue
    crowd.push(fault)
    for (const claim of fault.claims) taken.add(claim)
  }
  return crowd
}

function place(dice: Dice, fault: Plannable, room: Room): Omit<Unnamed, 'crowd'> {
  const [min, max] = fault.seconds
  const beginMs = room.fromMs + dice.int(0, SPREAD_MS)
  const longest = Math.min(max * 1_000, room.longestMs, room.endMs - beginMs)
  return {
    name: fault.name,
    target: dice.pick(fault.targets),
    beginMs,
    durationMs: dice.int(min * 1_000, Math.max(min * 1_000, Math.floor(longest))),
  }
}
