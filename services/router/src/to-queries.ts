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
import type { Conversation } from '@switchboard/contracts/desks'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import type { DeskSnapshot, MessageFacts, RoomSnapshot, UsedCid, UserSnapshot } from '@switchboard/contracts/queries'

export interface AskStorage {
  loadRoom(room: string): Promise<RoomSnapshot | Refusal>
  loadUser(user: string): Promise<UserSnapshot | Refusal>
  findCids(
    entity: EntityKind,
    id: string,
    lookups: readonly { from: string; cid: string }[],
  ): Promise<{ used: UsedCid[] } | Refusal>
  facts(room: string, seqs: readonly number[]): Promise<{ facts: MessageFacts[] } | Refusal>
  loadDesk(desk: string): Promise<DeskSnapshot | Refusal>
  /** Every desk that there is. */
  desks(): Promise<{ desks: string[] } | Refusal>
  conversation(desk: string, id: string): Promise<{ conversation: Conversation | null } | Refusal>
  /** What one command became. */
  caused(entity: 'room' | 'desk', id: string, seq: number): Promise<{ events: AnyEvent[] } | Refusal>
}

export const toQueries = (bus: Bus): AskStorage => ({
  loadRoom: (room) => askStorage(bus, 'room.load', { room }),
  loadUser: (user) => askStorage(bus, 'user.load', { user }),
  findCids: (entity, id, lookups) => askStorage(bus, 'cids.find', { entity, id, lookups }),
  facts: (room, seqs) => askStorage(bus, 'messages.facts', { room, seqs }),
  loadDesk: (desk) => loadDesk(bus, desk),
  desks: () => askStorage(bus, 'desk.list', {}),
  conversation: (desk, conversation) => askStorage(bus, 'conversation.load', { desk, conversation }),
  caused: (entity, id, seq) => askStorage(bus, 'events.caused', { entity, id, seq }),
})

/** All pages of a desk. One that another router has moved on meanwhile is asked for again, by whoever tries again. */
async function loadDesk(bus: Bus, desk: string): Promise<DeskSnapshot | Refusal> {
  const first = await askStorage(bus, 'desk.load', { desk })
  if (isRefusal(first)) return first
  const conversations = [...first.conversations]
  for (let page = first; page.more; ) {
    const next = await askStorage(bus, 'desk.load', { desk, after: conversations.at(-1)?.conversation ?? '' })
    if (isRefusal(next)) return next
    if (next.head !== first.head || next.conversations.length === 0) return refuse('unavailable')
    conversations.push(...next.conversations)
    page = next
  }
  return { ...first, conversations, more: false }
}
