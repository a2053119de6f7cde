/**
 * channel    signals (core NATS)
 * comes      typing, presence, receipts and read positions, of rooms and people that somebody here follows; orders to end connections
 * goes       the feed of that room or person; the connections of that user
 * guarantee  may be lost
 * order      none
 * acked      never
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson, type Msg, type Subscribed, subscribe } from '@switchboard/bus/core'
import type { KickRecord } from '@switchboard/contracts/records'
import type { EdgeEvents } from './events.ts'
import type { Ear } from './log-source.ts'

/** Signals share their subject with the log's entries, so the log's listener passes them on. */
export const fromSignals =
  (events: EdgeEvents) =>
  ({ data }: Msg, ear: Ear): void => {
    events.signal('in')
    ear.signal(Buffer.from(data))
  }

export const fromKicks = (bus: Bus, kick: (record: KickRecord) => void): Subscribed =>
  subscribe(bus, bus.names.kick, ({ data }) => kick(decodeJson<KickRecord>(data)))
