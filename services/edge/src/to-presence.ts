/**
 * channel    presence (core NATS and one lease)
 * comes      first and last sockets of users, and who looks, from connections
 * goes       routers and notifiers
 * guarantee  transitions may be lost; everything is said again every so often, and when asked
 * order      per edge
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { encodeJson, publish, subscribe } from '@switchboard/bus/core'
import { holdLease } from '@switchboard/bus/lease'
import { MAX } from '@switchboard/contracts/limits'
import type { PresenceRecord } from '@switchboard/contracts/records'
import { type Clock, sweeping } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { PresenceTable } from './presence-table.ts'

export interface PresenceParts {
  readonly edge: string
  readonly table: PresenceTable
  readonly clock: Clock
  readonly events: EdgeEvents
}

/** Users in one record: about 40 bytes each, far below a NATS message. */
const RECORD_USERS = 5_000
const GATHER_MS = 50
const REPEAT_MS = 30_000

/** Holds this incarnation's lease and says who is here. Disposing gives the lease back: everybody here is gone at once. */
export async function toPresence(bus: Bus, parts: PresenceParts): Promise<AsyncDisposable> {
  const { edge, table, clock, events } = parts
  const say = (users: PresenceRecord['users'], whole: boolean) => {
    for (let from = 0; from < users.length || from === 0; from += RECORD_USERS) {
      const part = users.slice(from, from + RECORD_USERS)
      // Only the first part replaces what was known; the others add to it.
      const record: PresenceRecord = { edge, whole: whole && from === 0, users: part }
      publish(bus, bus.names.presence(edge), encodeJson(record))
    }
    events.presence(users.length)
  }
  const sayAll = () => {
    table.takeChanges()
    say(table.whole(), true)
  }
  const lease = await holdLease(bus, { key: bus.names.edgeLease(edge), value: edge, ttlMs: MAX.presenceLeaseMs })
  const asked = subscribe(bus, bus.names.presenceAsk, sayAll)
  const gathering = sweeping(clock, GATHER_MS, () => {
    const { hasChanges } = table
    if (hasChanges) say(table.takeChanges(), false)
    return hasChanges
  })
  const stops = [
    bus.onReconnect(sayAll),
    clock.every(REPEAT_MS, sayAll),
    table.onChange(gathering.begin),
    () => gathering[Symbol.dispose](),
  ]
  sayAll()
  return {
    [Symbol.asyncDispose]: async () => {
      asked.unsubscribe()
      for (const stop of stops) stop()
      await lease[Symbol.asyncDispose]()
    },
  }
}
