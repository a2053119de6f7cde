import type { EntityKind } from '@switchboard/contracts/ids'
import type { EntityCommand } from '@switchboard/contracts/records'
import type { Span } from '@switchboard/runtime/tracing'
import type { RouterEvents } from './events.ts'
import type { SendEffects } from './to-commands.ts'
import type { IsNewest, WriteEntry } from './to-log.ts'
import type { WriteMark } from './to-marks.ts'
import type { AskStorage } from './to-queries.ts'
import type { Replies } from './to-replies.ts'
import type { SendSignal } from './to-signals.ts'

/** A command as it was read from its partition. */
export interface Taken {
  readonly command: EntityCommand
  readonly input: number
  /** From its stream until it is finished, where it is traced. */
  readonly span?: Span | undefined
  /** No client waits for it any more, as it is old or was put off: applied already, or to be forgotten. */
  readonly stale: boolean
  /** Puts it where operators look, with the reason: it can never be applied. */
  readonly bury: (reason: string) => Promise<void>
  /** It is applied, or will never be, with all it brings about. */
  readonly finish: () => void
}

/** Time, as lanes may use it. */
export interface LaneClock {
  /** Milliseconds since the epoch: what events carry. */
  readonly nowMs: () => number
  /** Milliseconds that only go forward: what durations are measured by. */
  readonly steadyMs: () => number
  /** Waits before another try; `failures` were before it. Ends early when the signal aborts. */
  readonly beforeRetry: (failures: number, signal: AbortSignal) => Promise<void>
}

/** What all lanes of a router share. */
export interface LaneDeps {
  readonly events: RouterEvents
  readonly storage: AskStorage
  readonly writeEntry: WriteEntry
  readonly isNewest: IsNewest
  readonly writeMark: WriteMark
  readonly sendEffects: SendEffects
  readonly sendSignal: SendSignal
  readonly replies: Replies
  readonly clock: LaneClock
}

/** What the partition tells its lanes. */
export interface LanePlace {
  readonly kind: EntityKind
  readonly id: string
  readonly incarnation: string
  readonly epoch: string
  readonly floor: () => number
  /** True while no other router can have this partition. What needs no entry in the log, and is fenced by none, is done only then. */
  readonly isSure: () => boolean
  /** Another router has written: nothing of this partition may be written from here any more. */
  readonly fenced: (entity: string) => void
  readonly signal: AbortSignal
}
