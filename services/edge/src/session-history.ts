import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { CommandBody, CommandResults, Publication } from '@switchboard/contracts/protocol'
import { parseChannel } from './channel-name.ts'
import type { Session } from './session.ts'

const encoder = new TextEncoder()

/** An event of storage as a publication. */
export const toPublication = (event: { readonly seq: number }): Publication => ({
  offset: event.seq,
  data: encoder.encode(JSON.stringify(event)),
})

/** The protocol's history of a room: from the beginning or after a position, or backwards from the end or before one. */
export async function history(
  session: Session,
  { channel, limit = 0, since, reverse = false }: CommandBody<'history'>,
): Promise<CommandResults['history'] | Refusal> {
  const target = parseChannel(channel)
  if (isRefusal(target)) return target
  if (target.kind !== 'room') return refuse('not_available', { field: 'channel' })
  const epoch = await epochOf(session, target.id)
  if (isRefusal(epoch)) return epoch
  if (since?.epoch && since.epoch !== epoch) return refuse('unrecoverable_position', { field: 'since.epoch' })
  const count = limit === -1 ? MAX.historyEvents : Math.min(limit, MAX.historyEvents)
  const from = since?.offset
  const range = reverse ? (from === undefined ? {} : { before_seq: Math.max(1, from) }) : { after_seq: from ?? 0 }
  const ask = { room: target.id, user: session.user, limit: Math.max(1, count) }
  const page = await session.parts.rpc.storage('room.history', { ...ask, ...range })
  if (isRefusal(page)) return page
  const events = count === 0 ? [] : page.events.map(toPublication)
  return { publications: reverse ? events.reverse() : events, epoch, offset: page.head }
}

/** The epoch of a room, from its feed if it is followed here. */
async function epochOf(session: Session, room: string): Promise<string | Refusal> {
  const known = session.subscriptions.find(`room:${room}`)?.feed
  return known ? known.epoch : session.parts.epoch(room)
}
