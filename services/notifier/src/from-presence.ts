/**
 * channel    presence (core NATS, and the lease of each edge)
 * comes      who has sockets at which edge, and which edges live
 * goes       the view that a push is held against when it is due: whether somebody is looking
 * guarantee  may be lost; an edge repeats its whole state when asked, and a dead edge's entries end with its lease
 * order      per edge
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson, flush, publish, subscribe } from '@switchboard/bus/core'
import { watchLeases } from '@switchboard/bus/lease'
import { MAX } from '@switchboard/contracts/limits'
import type { PresenceRecord } from '@switchboard/contracts/records'
import type { PresenceView } from '@switchboard/domain/presence-view'
import { pause } from '@switchboard/runtime/deadline'

/** Edges that live answer within milliseconds; one that does not is not waited for longer. */
const ANSWERS_MS_MAX = 2_000

/** Keeps `view` as the edges say it. Resolves when every edge that lives has said all it knows, or did not answer. */
export async function fromPresence(bus: Bus, view: PresenceView): Promise<AsyncDisposable> {
  const alive = new Set<string>()
  const heard = new Set<string>()
  const complete = Promise.withResolvers<void>()
  let asked = false
  const look = (): void => {
    if (asked && [...alive].every((edge) => heard.has(edge))) complete.resolve()
  }
  const said = subscribe(bus, bus.names.presenceAll, (message) => {
    const record = decodeJson<PresenceRecord>(message.data)
    view.apply(record)
    if (record.whole) heard.add(record.edge)
    look()
  })
  const ask = (): void => publish(bus, bus.names.presenceAsk, '')
  // What was said while we were away from NATS is lost.
  const forgetReconnect = bus.onReconnect(ask)
  const leases = await watchLeases(bus, {
    prefix: bus.names.edgeLeases,
    everyMs: MAX.presenceLeaseMs / 10,
    lifeMs: MAX.presenceLeaseMs,
    began: ({ key }) => {
      const edge = bus.names.edgeOfLease(key)
      alive.add(edge)
      view.edgeAlive(edge)
      // Its lease ran out and was taken anew: what it had said was forgotten, and it may not say it again for long.
      if (asked && view.lacks(edge)) ask()
    },
    ended: (key) => {
      const edge = bus.names.edgeOfLease(key)
      alive.delete(edge)
      heard.delete(edge)
      view.edgeGone(edge)
      look()
    },
  })
  ask()
  await flush(bus)
  asked = true
  look()
  await Promise.race([complete.promise, pause(ANSWERS_MS_MAX)])
  return {
    [Symbol.asyncDispose]: async () => {
      forgetReconnect()
      said.unsubscribe()
      await leases[Symbol.asyncDispose]()
    },
  }
}
