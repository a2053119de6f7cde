/**
 * channel    marks (JetStream, the last value of each member of a room)
 * comes      how far somebody has read a room
 * goes       the sender's last look before a push: what was read meanwhile is not pushed
 * guarantee  the last mark that was stored, or an error; older ones than the stream keeps are in the planner's answer
 * order      per member of a room
 * acked      never: it is read, not consumed
 */
import type { Bus } from '@switchboard/bus/connect'
import { decodeJson } from '@switchboard/bus/core'
import { lastMessage } from '@switchboard/bus/leader-read'
import type { MarkRecord } from '@switchboard/contracts/records'

export type Marks = {
  /** The newest seq that the user has read in the room, 0 if none is known. @throws when NATS is away. */
  readonly read: (room: string, user: string) => Promise<number>
}

export function fromMarks(bus: Bus): Marks {
  return {
    read: async (room, user) => {
      const message = await lastMessage(bus, bus.names.marksStream, bus.names.mark(room, user))
      return message === null ? 0 : decodeJson<MarkRecord>(message.data).seq
    },
  }
}
