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
import { MAX } from '@switchboard/contracts/limits'
import type {
  DeskSnapshot,
  MessageFacts,
  RoomSnapshot,
  StorageQueries,
  UsedCid,
  UserSnapshot,
} from '@switchboard/contracts/queries'
import { chunks } from '@switchboard/runtime/chunks'

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
  conversations(desk: string, ids: readonly string[]): Promise<{ conversations: Conversation[] } | Refusal>
  /** What commands became, by the seq of the first event of each. */
  caused(entity: 'room' | 'desk', id: string, seqs: readonly number[]): Promise<Map<number, AnyEvent[]> | Refusal>
}

export const toQueries = (bus: Bus): AskStorage => ({
  loadRoom: (room) => askStorage(bus, 'room.load', { room }),
  loadUser: (user) => askStorage(bus, 'user.load', { user }),
  findCids: (entity, id, lookups) => askStorage(bus, 'cids.find', { entity, id, lookups }),
  facts: (room, seqs) => askStorage(bus, 'messages.facts', { room, seqs }),
  loadDesk: (desk) => loadDesk(bus, desk),
  desks: () => askStorage(bus, 'desk.list', {}),
  conversations: (desk, conversations) => askStorage(bus, 'conversation.load', { desk, conversations }),
  caused: (entity, id, seqs) => findCaused(bus, { entity, id, seqs }),
})

/** All at once: whoever takes a desk over is told of hundreds of commands again, and its queue waits for this. */
async function findCaused(
  bus: Bus,
  { seqs, ...of }: StorageQueries['events.caused']['ask'],
): Promise<Map<number, AnyEvent[]> | Refusal> {
  const parts = chunks(seqs, MAX.causedCommands)
  const answers = await Promise.all(parts.map((part) => askStorage(bus, 'events.caused', { ...of, seqs: part })))
  const refusal = answers.find(isRefusal)
  if (refusal) return refusal
  const found = answers.flatMap((answer) => (isRefusal(answer) ? [] : answer.caused))
  return new Map(found.map(({ seq, events }) => [seq, events]))
}

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
