/**
 * channel    dead (JetStream)
 * comes      records of log and marks that can never be stored, with the reason
 * goes       the stream `dead`, for operators
 * guarantee  kept: awaited before the position moves past the record
 * order      none
 * acked      by the stream
 */
import type { Bus } from '@switchboard/bus/connect'
import { bury } from '@switchboard/bus/work'
import type { Events } from './events.ts'
import type { Origin } from './record.ts'

export interface Poison {
  readonly origin: Origin
  readonly subject: string
  readonly data: Uint8Array
  readonly reason: string
}

export const toDead =
  ({ bus, events }: { bus: Bus; events: Events }) =>
  async ({ origin, subject, data, reason }: Poison): Promise<void> => {
    const { source: channel, seq: stream_seq } = origin
    await bury(bus, { service: 'storage', channel, subject, stream_seq, reason, at: Date.now(), data })
    events.buried({ channel, subject, stream_seq, reason })
  }
