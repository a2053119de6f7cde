/** Who is at a desk in one client process, and how they behave. */
export interface DeskPart {
  readonly desk: string
  /** With which agents are made. */
  readonly key: string
  readonly agents: readonly PlannedAgent[]
  readonly visitors: number
  /** Their requests come from addresses of their own. */
  readonly isFromEverywhere: boolean
  readonly rates: DeskRates
}

export interface PlannedAgent {
  readonly user: string
  readonly capacity: number
  /** Follows the desk itself; the others know of their own conversations alone. */
  readonly isWatching: boolean
  /** A program: it has what begins at once, and hands it over to people. */
  readonly isBot: boolean
}

export interface DeskRates {
  /** Between two things that one agent, or one visitor, does. */
  readonly agentMs: number
  readonly visitorMs: number
  /** In which visitors come at first; as long as between two things that they do when left out. */
  readonly arriveMs?: number
  /** How long a visitor stays away between two visits. */
  readonly betweenMs: number
  /** Visits of each; without end when left out. */
  readonly visits?: number
  /** Of offers: those that are let pass, and those that are declined. */
  readonly ignored: number
  readonly declined: number
  /** Of moments in which a visitor waits: that they say something, or leave. */
  readonly saysWaiting: number
  readonly leavesWaiting: number
  /** Of things that visitors do: going away, to come back as the same person. */
  readonly returns: number
  /** In each second of each agent: that their program ends, and begins anew later. */
  readonly deaths: number
  /** Agents take no offers before they are told to. */
  readonly agentsWait?: boolean
}

export const DESK_RATES: DeskRates = {
  agentMs: 1_000,
  visitorMs: 2_000,
  betweenMs: 6_000,
  ignored: 0.12,
  declined: 0.08,
  saysWaiting: 0.1,
  leavesWaiting: 0.02,
  returns: 0.06,
  deaths: 0.01,
}

/** A desk of a run, before its people are spread over client processes. */
export interface DeskCrowd {
  readonly desk: string
  readonly key: string
  readonly agents: number
  /** Beside the agents; none when left out. */
  readonly bots?: number
  readonly visitors: number
  readonly capacity: number
  /** Agents who follow the desk itself, all when left out; at least one in each process. */
  readonly watching?: number
  /** Their requests come from addresses of their own, and not all from this machine. */
  readonly isFromEverywhere?: boolean
  readonly rates?: Partial<DeskRates>
}

/** The part of a desk's people that lives in one of the processes. */
export function planDesk(crowd: DeskCrowd, index: number, processes: number): DeskPart {
  const { desk, key, agents, bots = 0, visitors, capacity, watching = agents, isFromEverywhere = false, rates } = crowd
  const people = Array.from({ length: agents }, (_, i) => ({
    user: `${desk}-agent-${i + 1}`,
    capacity,
    isWatching: i < Math.max(watching, processes),
    isBot: false,
  }))
  const programs = Array.from({ length: bots }, (_, i) => {
    return { user: `${desk}-bot-${i + 1}`, capacity, isWatching: false, isBot: true }
  })
  const all = [...people, ...programs]
  return {
    desk,
    key,
    agents: all.filter((_, i) => i % processes === index),
    visitors: Math.floor(visitors / processes) + (index < visitors % processes ? 1 : 0),
    isFromEverywhere,
    rates: { ...DESK_RATES, ...rates },
  }
}
