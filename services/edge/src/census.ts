import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { People } from './people.ts'
import type { SessionTable } from './session-table.ts'

const COUNT_MS = 1_000

/** Says every second how much is held in memory, so that what grows without end is seen long before it hurts. */
export function census(of: { sessions: SessionTable; people: People }, clock: Clock, events: EdgeEvents): Disposable {
  const stop = clock.every(COUNT_MS, () => {
    let subscriptions = 0
    for (const session of of.sessions) subscriptions += session.subscriptions.size
    events.held({ subscriptions, people: of.people.size, unauthenticated: of.sessions.unauthenticated })
  })
  return { [Symbol.dispose]: stop }
}
