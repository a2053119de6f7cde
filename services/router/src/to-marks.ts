/**
 * channel    marks (JetStream, last value per member of a room)
 * comes      read positions that moved, from the rooms
 * goes       storage and notifier
 * guarantee  the last one is kept; the client is answered after the stream's word
 * order      per member of a room: a lane marks one after the other
 * acked      by the stream
 */

import type { Bus } from '@switchboard/bus/connect'
import { encodeJson } from '@switchboard/bus/core'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import type { MarkRecord } from '@switchboard/contracts/records'
import type { RouterEvents } from './events.ts'

/** @returns whether the stream has it. */
export type WriteMark = (mark: MarkRecord) => Promise<boolean>

export function toMarks(bus: Bus, events: RouterEvents): WriteMark {
  return async (mark) => {
    try {
      await bus.js.publish(bus.names.mark(mark.room, mark.user), encodeJson(mark))
      events.sent('marks', 'sent')
      return true
    } catch (error) {
      if (!isInfrastructure(error)) throw error
      events.sent('marks', 'failed')
      return false
    }
  }
}
