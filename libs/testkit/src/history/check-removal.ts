import { type Facts, roomOfWish, seqOfWish } from './facts.ts'
import { lastChange, type RoomFacts } from './rooms.ts'

/** G4's other side: who was removed gets nothing that came after, a moment after the removal was acknowledged at the latest. */
export function checkRemoval(facts: Facts): void {
  const ackedMs = removals(facts)
  for (const record of facts.records) {
    if (record.type !== 'seen' || record.how === 'history') continue
    const room = facts.rooms.get(record.room)
    // Anybody may subscribe to a public room.
    if (!room || facts.publicRooms.has(record.room)) continue
    const { seq } = record.event
    const change = lastChange(room, record.user, seq)
    if (!change || change.added || change.seq === seq) continue
    const removedMs = ackedMs.get(`${record.room} ${change.seq}`)
    if (removedMs === undefined || record.atMs <= removedMs + facts.options.removalMarginMs) continue
    // Who is a member again may be given all of it.
    if (cameBackBefore(facts, room, { user: record.user, after: change.seq, atMs: record.atMs })) continue
    const afterMs = Math.round(record.atMs - removedMs)
    const who = `${record.client} of ${record.user}, removed by event ${change.seq}`
    const message = `${record.room}: ${who}, was given ${seq} ${afterMs} ms after that was acknowledged`
    facts.findings.add('delivered-after-removal', message, [room.events.get(change.seq)?.record, record])
  }
}

/** When each removal was acknowledged, by room and seq. */
function removals(facts: Facts): Map<string, number> {
  const acked = new Map<string, number>()
  for (const wish of facts.operations.wishes) {
    const { name } = wish.operation
    const answer = wish.acked?.answer
    if (!answer || (name !== 'remove' && name !== 'leave')) continue
    const seq = seqOfWish(facts.rooms, wish) ?? answer.seq
    if (seq !== undefined) acked.set(`${roomOfWish(wish)} ${seq}`, answer.atMs)
  }
  return acked
}

function cameBackBefore(
  facts: Facts,
  room: RoomFacts,
  { user, after, atMs }: { user: string; after: number; atMs: number },
): boolean {
  const back = room.memberships.get(user)?.find(({ seq, added }) => added && seq > after)
  if (!back) return false
  const event = room.events.get(back.seq)?.event
  const asked = event && facts.operations.byEvent.get(`${room.room} ${event.from} ${event.cid}`)?.attempts[0]
  return asked === undefined || asked.invoke.atMs <= atMs
}
