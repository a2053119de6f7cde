/**
 * channel    presence (core NATS and leases)
 * comes      users of each edge, and whether the edge lives
 * goes       the view of who is online
 * guarantee  transitions may be lost; an edge repeats its whole state, and its lease ends with it
 * order      per edge
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson, publish, subscribe } from '@switchboard/bus/core'
import { watchLeases } from '@switchboard/bus/lease'
import type { PresenceRecord } from '@switchboard/contracts/records'
import type { PresenceView } from '@switchboard/domain/presence-view'
import type { RouterEvents } from './events.ts'

/** How often the leases of the edges are looked at: the time between the end of a lease and its notice. */
const LOOK_MS = 500

/** Keeps `view` right and tells which users' sockets changed. */
export async function fromPresence(
  bus: Bus,
  options: {
    readonly view: PresenceView
    readonly changed: (users: readonly string[]) => void
    readonly events: RouterEvents
  },
): Promise<AsyncDisposable> {
  const { view, changed, events } = options
  await using stack = new AsyncDisposableStack()
  const subscription = subscribe(bus, bus.names.presenceAll, (message) => {
    const record = decodeJson<PresenceRecord>(message.data)
    events.taken('presence', 0)
    changed(view.apply(record))
  })
  stack.defer(() => subscription.unsubscribe())
  stack.use(
    await watchLeases(bus, {
      prefix: bus.names.edgeLeases,
      everyMs: LOOK_MS,
      began: ({ key }) => changed(view.edgeAlive(bus.names.edgeOfLease(key))),
      ended: (key) => changed(view.edgeGone(bus.names.edgeOfLease(key))),
    }),
  )
  // Every edge answers by publishing its whole state where we listen already.
  const ask = () => publish(bus, bus.names.presenceAsk, '')
  ask()
  stack.defer(bus.onReconnect(ask))
  return stack.move()
}
