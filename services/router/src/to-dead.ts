/**
 * channel    dead (JetStream)
 * comes      commands that are not of ours, from from-commands
 * goes       operators
 * guarantee  kept: the reader does not pass a record before its grave is dug
 * order      none
 * acked      by the stream
 */

import type { Bus } from '@switchboard/bus/connect'
import type { StreamRecord } from '@switchboard/bus/follow'
import { bury } from '@switchboard/bus/work'
import type { RouterEvents } from './events.ts'

export type Bury = (record: StreamRecord, reason: string) => Promise<void>

export function toDead(bus: Bus, events: RouterEvents): Bury {
  return async (record, reason) => {
    events.poison(record.subject, reason)
    await bury(bus, {
      service: 'router',
      channel: 'commands',
      subject: record.subject,
      stream_seq: record.seq,
      reason,
      at: record.at,
      data: record.data,
    })
  }
}
