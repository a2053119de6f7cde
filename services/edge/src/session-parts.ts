import type { Refusal } from '@switchboard/contracts/errors'
import type { Tracing } from '@switchboard/runtime/tracing'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { FeedRegistry } from './feed-registry.ts'
import type { Archive } from './log-source.ts'
import type { People } from './people.ts'
import type { PresenceTable } from './presence-table.ts'
import type { RoomChanges } from './room-changes.ts'
import type { Rpc } from './rpc.ts'
import type { SessionTable } from './session-table.ts'
import type { Tokens } from './tokens.ts'

/** What sessions need of their edge. */
export interface SessionParts {
  readonly clock: Clock
  readonly events: EdgeEvents
  readonly feeds: FeedRegistry
  readonly archive: Archive
  readonly people: People
  readonly sessions: SessionTable
  readonly tokens: Tokens
  readonly rpc: Rpc
  readonly presence: PresenceTable
  readonly changes: RoomChanges
  readonly typing: (room: string, user: string) => void
  /** The epoch of a room that is not followed here; refused while NATS is away. */
  readonly epoch: (room: string) => Promise<string | Refusal>
  readonly newId: () => string
  /** Undefined where nothing is traced. */
  readonly tracing: Tracing | undefined
  readonly pingSeconds: number
  readonly version: string
}
