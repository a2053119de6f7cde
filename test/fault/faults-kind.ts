import type { PushServers } from '@switchboard/testkit/push-servers'
import type { Plannable } from './plan.ts'
import type { Dice } from './plan-dice.ts'
import type { StateName } from './states.ts'
import type { World } from './world-shape.ts'

/** Ends a fault. Resolves when what was taken away is there again. */
export type Heal = () => void | Promise<void>

/** NATS as it is behind all proxies. */
export interface DirectNats {
  /** Resolves when every stream has a leader and all its replicas have everything. */
  readonly untilReplicated: () => Promise<void>
  /** Into the commands of a room, as nobody of ours would. */
  readonly publishCommand: (room: string, data: Uint8Array) => Promise<void>
}

/** Where a fault happens. */
export interface Stage {
  readonly world: World
  readonly nats: DirectNats
  readonly push: PushServers
  /** Kills one of the processes that clients live in; healing starts another one. */
  readonly killClients: (dice: Dice) => Promise<Heal>
  /** One of the fault's targets. */
  readonly target: string
  readonly dice: Dice
}

/** One thing that can go wrong. */
export interface FaultKind extends Plannable {
  /** In the words of an operator. */
  readonly what: string
  /** Its number in the list of known faults: F1 to F20. */
  readonly listed: string
  /** States that this fault leads to in every run: one that was not reached says that the fault was aimed at nothing. */
  readonly shows?: readonly StateName[]
  /** Resolves when the fault is on. */
  readonly inject: (stage: Stage) => Promise<Heal>
}

/** A fault without what most have in common. */
export const fault = (
  names: { readonly name: string; readonly what: string; readonly listed: string },
  rest: Omit<FaultKind, 'name' | 'what' | 'listed' | 'weight'> & { readonly weight?: number },
): FaultKind => ({ weight: 1, ...names, ...rest })
