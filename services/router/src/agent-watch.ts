import { MAX } from '@switchboard/contracts/limits'
import type { DeskState } from '@switchboard/domain/desk'

/** Agents whose connections came or went, as their desk does not know yet. */
export interface AgentChanges {
  readonly connected: readonly string[]
  readonly gone: readonly string[]
}

/**
 * Holds what desks know of their agents against what is heard of connections. Words overtake each other: an agent may say that
 * they are there before their connection is heard of, and a router that has just begun has heard of nobody. So who was heard of
 * and is not any more has gone; who was never heard of is awaited for a while first. Pure: the moment is an argument.
 */
export class AgentWatch {
  readonly #isOnline: (user: string) => boolean
  readonly #awaitMs: number
  /** By desk, its agents who count as there: since when (steady) they are awaited, null when they were heard of. */
  readonly #awaited = new Map<string, Map<string, number | null>>()

  constructor(isOnline: (user: string) => boolean, awaitMs: number = MAX.presenceGraceMs) {
    this.#isOnline = isOnline
    this.#awaitMs = awaitMs
  }

  /** What to tell this desk: at most as many as one command may tell of. */
  changes({ desk, agents }: Pick<DeskState, 'desk' | 'agents'>, steadyMs: number): AgentChanges {
    const before = this.#awaited.get(desk)
    const awaited = new Map<string, number | null>()
    const connected: string[] = []
    const gone: string[] = []
    for (const [user, { agent, isGhost }] of agents) {
      if (isGhost) continue
      const isOnline = this.#isOnline(user)
      if (!agent.connected) {
        if (isOnline) connected.push(user)
        continue
      }
      const sinceMs = isOnline ? null : (before?.get(user) ?? (before?.has(user) ? null : steadyMs))
      awaited.set(user, sinceMs)
      if (!isOnline && (sinceMs === null || steadyMs - sinceMs >= this.#awaitMs)) gone.push(user)
    }
    this.#awaited.set(desk, awaited)
    const told = connected.slice(0, MAX.deskSteps)
    return { connected: told, gone: gone.slice(0, MAX.deskSteps - told.length) }
  }

  /** A desk that is not ours any more: it is looked at as if for the first time when it comes back. */
  forget(desk: string): void {
    this.#awaited.delete(desk)
  }
}
