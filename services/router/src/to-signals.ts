/**
 * channel    signals (core NATS)
 * comes      presence deltas, receipts and read positions, from the rooms
 * goes       the edges that have the room or the person
 * guarantee  may be lost
 * order      none
 * acked      never
 */

import type { Bus } from '@switchboard/bus/connect'
import { publish } from '@switchboard/bus/core'
import { signalLine } from '@switchboard/contracts/entry'
import type { Signal } from '@switchboard/contracts/events'
import type { RouterEvents } from './events.ts'

export type SendSignal = (kind: 'room' | 'user', id: string, signal: Signal) => void

export function toSignals(bus: Bus, events: RouterEvents): SendSignal {
  return (kind, id, signal) => {
    publish(bus, bus.names.live(kind, id), signalLine(`${kind}:${id}`, signal))
    events.sent('signals', 'sent')
  }
}
