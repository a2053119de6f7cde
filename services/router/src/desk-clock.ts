import type { Conversation } from '@switchboard/contracts/desks'
import { SYSTEM } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import { partitionOf } from '@switchboard/contracts/partition'
import type { DeskDerivedCommand } from '@switchboard/contracts/records'
import { cidOf } from '@switchboard/domain/cid-age'
import { type DeskState, hasRoom, isPresent, loadOf } from '@switchboard/domain/desk'
import { dueAt } from '@switchboard/domain/desk-steps'
import { AgentWatch } from './agent-watch.ts'
import type { DeskCensus } from './events.ts'
import type { Lane } from './lane.ts'
import type { SendEffects } from './to-commands.ts'

/** A partition that is ours, as far as the clock needs it. */
export interface DeskPartition {
  desk(id: string): Lane | undefined
  readonly signal: AbortSignal
}

export interface DeskClockParts {
  /** The partition, while it is ours. */
  readonly partition: (partition: number) => DeskPartition | undefined
  /** Every desk that there is; undefined while storage is away. */
  readonly list: () => Promise<readonly string[] | undefined>
  readonly send: SendEffects
  readonly isOnline: (user: string) => boolean
}

/** A moment by two clocks, as elsewhere: what people are told, and what durations are measured with. */
export interface Tick {
  readonly nowMs: number
  readonly steadyMs: number
}

/** What was sent last to one desk. */
interface Sent {
  readonly head: number
  readonly steadyMs: number
}

/** A command that is not applied by then is sent again, and a desk that could not be loaded is tried again. */
const AGAIN_MS = 2_000
const CENSUS_MS = 5_000

/**
 * The clocks of the desks of our partitions. What is due stands in a desk's own state, so nothing is lost with a router: whoever
 * takes the partition over finds the desks in storage, loads them, and goes on. Here they are only looked at, and told by a
 * command of their own stream; whether it is time is decided there, in order with everything else.
 */
export class DeskClock {
  readonly #parts: DeskClockParts
  readonly #desks = new Set<string>()
  readonly #sent = new Map<string, Sent>()
  readonly #sending = new Set<string>()
  readonly #agents: AgentWatch
  #lookedMs = Number.NEGATIVE_INFINITY
  #countedMs = Number.NEGATIVE_INFINITY

  constructor(parts: DeskClockParts) {
    this.#parts = parts
    this.#agents = new AgentWatch(parts.isOnline)
  }

  /** Whether no desk is known. */
  get isEmpty(): boolean {
    return this.#desks.size === 0
  }

  /** A desk that there is. */
  heard(desk: string): void {
    if (this.#desks.size < MAX.desks) this.#desks.add(desk)
  }

  /** Looks at every desk that is ours. @returns how they all stand, every few seconds. */
  tick(now: Tick): DeskCensus | undefined {
    if (now.steadyMs - this.#lookedMs >= MAX.deskLookMs) void this.#look(now.steadyMs)
    const states = [...this.#desks].map((desk) => this.#tickOne(desk, now)).filter((state) => state !== undefined)
    if (now.steadyMs - this.#countedMs < CENSUS_MS) return undefined
    this.#countedMs = now.steadyMs
    return censusOf(states)
  }

  async #look(steadyMs: number): Promise<void> {
    this.#lookedMs = steadyMs
    const desks = await this.#parts.list()
    for (const desk of desks ?? []) this.heard(desk)
    // Asked again soon: a new owner must not wait for long.
    if (!desks) this.#lookedMs = steadyMs - MAX.deskLookMs + AGAIN_MS
  }

  #tickOne(desk: string, now: Tick): DeskState | undefined {
    const partition = this.#parts.partition(partitionOf(desk))
    const lane = partition?.desk(desk)
    if (!partition || !lane) {
      this.#sent.delete(desk)
      this.#agents.forget(desk)
      return undefined
    }
    lane.watchedUntilMs = Number.POSITIVE_INFINITY
    const sent = this.#sent.get(desk)
    const isRecent = sent !== undefined && now.steadyMs - sent.steadyMs < AGAIN_MS
    const entity = lane.desk
    if (!entity) {
      if (!isRecent) {
        this.#sent.set(desk, { head: -1, steadyMs: now.steadyMs })
        void lane.load()
      }
      return undefined
    }
    const { state } = entity
    if (this.#sending.has(desk) || (isRecent && sent.head === state.head)) return state
    const command = this.#commandFor(state, { ...now, deskMs: entity.nowAt(now) })
    if (!command) return state
    this.#sent.set(desk, { head: state.head, steadyMs: now.steadyMs })
    this.#sending.add(desk)
    void this.#parts
      .send([{ kind: 'desk', id: desk, command }], partition.signal)
      .finally(() => this.#sending.delete(desk))
    return state
  }

  #commandFor(state: DeskState, now: Tick & { readonly deskMs: number }): DeskDerivedCommand | undefined {
    if (!state.settings) return undefined
    const cid = cidOf(now.nowMs, `${state.desk} ${state.head} ${now.steadyMs}`)
    const { connected, gone } = this.#agents.changes(state, now.steadyMs)
    if (connected.length + gone.length > 0)
      return { method: 'desk.presence', from: SYSTEM, cid, body: { connected, gone } }
    const due = dueAt(state, now.deskMs)
    return due !== null && due <= now.deskMs ? { method: 'desk.tick', from: SYSTEM, cid, body: {} } : undefined
  }
}

const STATES: readonly Conversation['state'][] = ['queued', 'offered', 'assigned', 'transferring', 'held', 'snoozed']

function censusOf(states: readonly DeskState[]): DeskCensus {
  const conversations = new Map<string, number>(STATES.map((state) => [state, 0]))
  const agents = new Map<string, number>(['online', 'away', 'offline', 'gone', 'bot'].map((status) => [status, 0]))
  const capacity = { free: 0, used: 0 }
  const add = (counts: Map<string, number>, name: string) => counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const state of states) {
    for (const conversation of state.conversations.values()) add(conversations, conversation.state)
    for (const seat of state.agents.values()) {
      if (seat.agent.bot) {
        add(agents, 'bot')
        continue
      }
      add(agents, seat.agent.connected || seat.agent.status !== 'online' ? seat.agent.status : 'gone')
      capacity.used += loadOf(seat)
      if (isPresent(seat) && hasRoom(seat)) capacity.free += seat.agent.capacity - loadOf(seat)
    }
  }
  return { desks: states.length, conversations, agents, capacity }
}
