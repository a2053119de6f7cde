/**
 * channel    signals (core NATS)
 * comes      typing, from connections
 * goes       every edge that follows the room
 * guarantee  may be lost
 * order      none
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { publish } from '@switchboard/bus/core'
import { signalLine } from '@switchboard/contracts/entry'
import { CHANNEL_OF } from '@switchboard/contracts/protocol'
import type { EdgeEvents } from './events.ts'

export const toSignals =
  (bus: Bus, events: EdgeEvents) =>
  (room: string, user: string): void => {
    // The client library would keep them, and say later what is true no more.
    if (bus.awayMs > 0) return
    publish(bus, bus.names.live('room', room), signalLine(CHANNEL_OF.room(room), { type: 'typing', user }))
    events.signal('out')
  }
