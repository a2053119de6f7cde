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
import { MAX } from '@switchboard/contracts/limits'
import type { PresenceRecord } from '@switchboard/contracts/records'
import type { PresenceView } from '@switchboard/domain/presence-view'
import type { RouterEvents } from './events.ts'

/** How often the leases of the edges are looked at: the time between the end of a lease and its notice. */
const LOOK_MS = MAX.leaseLookMs

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
  let isAsking = false
  // Every edge answers by publishing its whole state. Many leases may begin in one look, and one question is enough.
  const askOnce = () => {
    if (isAsking) return
    isAsking = true
    queueMicrotask(() => {
      isAsking = false
      publish(bus, bus.names.presenceAsk, '')
    })
  }
  const subscription = subscribe(bus, bus.names.presenceAll, (message) => {
    const record = decodeJson<PresenceRecord>(message.data)
    events.taken('presence')
    changed(view.apply(record))
  })
  stack.defer(() => subscription.unsubscribe())
  stack.use(
    await watchLeases(bus, {
      prefix: bus.names.edgeLeases,
      everyMs: LOOK_MS,
      lifeMs: MAX.presenceLeaseMs,
      began: ({ key }) => {
        const edge = bus.names.edgeOfLease(key)
        changed(view.edgeAlive(edge))
        if (view.lacks(edge)) askOnce()
      },
      ended: (key) => changed(view.edgeGone(bus.names.edgeOfLease(key))),
    }),
  )
  stack.defer(bus.onReconnect(askOnce))
  return stack.move()
}
