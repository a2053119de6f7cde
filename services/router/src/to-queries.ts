/**
 * channel    queries (NATS request and reply)
 * comes      what a lane does not know: an entity at its log's head, old cids, facts of old messages
 * goes       storage
 * guarantee  answered, or a refusal that may be tried again
 * order      none
 * acked      by the answer
 */
import { askStorage } from '@switchboard/bus/ask'
import type { Bus } from '@switchboard/bus/connect'
import type { Refusal } from '@switchboard/contracts/errors'
import type { MessageFacts, RoomSnapshot, UsedCid, UserSnapshot } from '@switchboard/contracts/queries'

export interface AskStorage {
  loadRoom(room: string): Promise<RoomSnapshot | Refusal>
  loadUser(user: string): Promise<UserSnapshot | Refusal>
  findCids(
    entity: 'room' | 'user',
    id: string,
    lookups: readonly { from: string; cid: string }[],
  ): Promise<{ used: UsedCid[] } | Refusal>
  facts(room: string, seqs: readonly number[]): Promise<{ facts: MessageFacts[] } | Refusal>
}

export const toQueries = (bus: Bus): AskStorage => ({
  loadRoom: (room) => askStorage(bus, 'room.load', { room }),
  loadUser: (user) => askStorage(bus, 'user.load', { user }),
  findCids: (entity, id, lookups) => askStorage(bus, 'cids.find', { entity, id, lookups }),
  facts: (room, seqs) => askStorage(bus, 'messages.facts', { room, seqs }),
})
