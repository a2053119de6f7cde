import { type Facts, roomOfWish, seqOfWish } from './facts.ts'
import type { Wish } from './operations.ts'
import { type FinalHistory, type RoomFacts, senderKey, withOnly } from './rooms.ts'

/** What was answered against what the room keeps: G1, and the half of G3 that commands show. */
export function checkCommands(facts: Facts): void {
  for (const wish of facts.operations.wishes) {
    checkAnswers(facts, wish)
    if (!facts.options.withoutFinals) checkKept(facts, wish)
  }
  if (facts.options.withoutFinals) return
  for (const room of facts.rooms.values()) if (room.finals.length > 0) checkSeen(facts, room)
}

/** The same cid has one answer, whoever asks and how often. */
function checkAnswers({ findings }: Facts, { cid, user, acked, attempts, operation }: Wish): void {
  const first = acked?.answer
  if (!first || attempts.length < 2) return
  for (const { answer } of attempts) {
    if (answer?.outcome !== 'ok') continue
    if (answer.seq === first.seq && answer.room === first.room) continue
    const message = `${operation.name} ${cid} of ${user} was answered with ${first.seq} and with ${answer.seq}`
    findings.add('two-seqs', message, [acked?.invoke, first, answer])
    return
  }
}

function checkKept(facts: Facts, wish: Wish): void {
  const { findings } = facts
  const { cid, user, operation, attempts } = wish
  const answer = wish.acked?.answer
  const id = roomOfWish(wish)
  const room = id === undefined ? undefined : facts.rooms.get(id)
  const seq = seqOfWish(facts.rooms, wish)
  const what = `${operation.name} ${cid} of ${user} in ${id}`
  if (answer) {
    if (!room || room.finals.length === 0) {
      findings.add('not-read', `${what} was acknowledged, and nobody read that room at the end`, [answer])
    } else if (seq === undefined) {
      const there = room.events.get(answer.seq ?? 0)
      const message = `${what} was acknowledged as event ${answer.seq}, and is in no history`
      findings.add('lost-after-ack', message, [wish.acked?.invoke, answer, there && withOnly(there)])
    } else if (answer.seq !== undefined && answer.seq !== seq) {
      const message = `${what} was answered with ${answer.seq}, and the history has it as ${seq}`
      findings.add('two-seqs', message, [wish.acked?.invoke, answer])
    } else checkText(facts, wish, { room, seq })
  } else if (seq !== undefined && attempts.length > 0 && attempts.every((one) => one.answer?.outcome === 'refused')) {
    const message = `${what} was refused, and is event ${seq} all the same`
    findings.add('refused-applied', message, [attempts[0]?.invoke, attempts[0]?.answer, evidenceOf(room, seq)])
  }
}

function checkText({ findings }: Facts, wish: Wish, { room, seq }: { room: RoomFacts; seq: number }): void {
  const observed = room.events.get(seq)
  const { operation, acked } = wish
  if (operation.name !== 'send' || !observed || observed.event.text === undefined || room.changed.has(seq)) return
  if (observed.event.text === operation.text) return
  const message = `${room.room}: event ${seq} has another text than ${wish.cid} of ${wish.user} was sent with`
  findings.add('wrong-content', message, [acked?.invoke, withOnly(observed)])
}

const evidenceOf = (room: RoomFacts | undefined, seq: number) => {
  const observed = room?.events.get(seq)
  return observed && withOnly(observed)
}

/** What a client saw has happened: it does not vanish. */
function checkSeen({ findings, operations }: Facts, room: RoomFacts): void {
  for (const [seq, observed] of room.events) {
    if (observed.record.type === 'final-history') continue
    const { from, cid } = observed.event
    // Reported as lost after its acknowledgement already.
    const key = senderKey(from, cid)
    if (!room.bySender.has(key) && operations.byEvent.get(`${room.room} ${key}`)?.acked) continue
    const message = `${room.room}: a client saw event ${seq} (${cid} of ${from}), and no history has it`
    findings.add('lost-after-seen', message, [observed.record])
  }
}

/** Each final history by itself: dense, complete, every cid once, and `n` the count of messages. */
export function checkHistories(facts: Facts): void {
  if (facts.options.withoutFinals) return
  for (const room of facts.rooms.values()) {
    const reported = new Set<string>()
    for (const final of room.finals) {
      checkDense(facts, room, final)
      checkOnce(facts, { room, final, reported })
    }
    if (room.finals.length > 0) checkNumbers(facts, room)
  }
}

function checkDense({ findings }: Facts, room: RoomFacts, final: FinalHistory): void {
  // The log lets go of what is old; what it has must be whole. The others have everything.
  let next = final.source === 'log' ? (final.events[0]?.seq ?? room.head + 1) : 1
  for (const event of final.events) {
    const shown = withOnly({ event, record: final })
    if (event.seq > next) {
      const message = `${room.room}: the ${final.source} has no event ${rangeOf(next, event.seq - 1)}`
      findings.add('hole', message, [shown])
    } else if (event.seq < next) {
      const message = `${room.room}: the ${final.source} has event ${event.seq} after ${next - 1}`
      findings.add(event.seq === next - 1 ? 'duplicate' : 'different-order', message, [shown])
    }
    next = Math.max(next, event.seq + 1)
  }
  if (next > room.head) return
  const message = `${room.room}: the ${final.source} ends at ${next - 1}, and the head is ${room.head}`
  findings.add('hole', message, [{ ...final, events: final.events.slice(-1) }])
}

export const rangeOf = (first: number, last: number): string => (first === last ? `${first}` : `${first} to ${last}`)

interface OfRoom {
  readonly room: RoomFacts
  readonly final: FinalHistory
  /** What another history of this room has shown already. */
  readonly reported: Set<string>
}

function checkOnce({ findings, operations }: Facts, { room, final, reported }: OfRoom): void {
  const first = new Map<string, number>()
  for (const [i, event] of final.events.entries()) {
    const key = senderKey(event.from, event.cid)
    const known = first.get(key)
    const before = known === undefined ? undefined : final.events[known]
    if (!before) {
      first.set(key, i)
      continue
    }
    if (before.seq === event.seq || reported.has(key)) continue
    reported.add(key)
    const wish = operations.byEvent.get(`${room.room} ${key}`)
    const message = `${room.room}: ${event.cid} of ${event.from} is event ${before.seq} and event ${event.seq}`
    const evidence = [withOnly({ event: before, record: final }), withOnly({ event, record: final })]
    if (wish && !wish.acked) findings.add('unknown-twice', `${message}, and was never acknowledged`, evidence)
    else findings.add('duplicate', message, evidence)
  }
}

/** [P-10]: `n` is the number of messages up to an event; unread counts are made of it. */
function checkNumbers({ findings }: Facts, room: RoomFacts): void {
  let n = 0
  for (let seq = 1; seq <= room.head; seq += 1) {
    const observed = room.events.get(seq)
    // A hole is reported as such; the count goes on from what stands behind it.
    const previous = room.events.has(seq - 1) || seq === 1
    if (!observed) continue
    const { event } = observed
    const isMessage = event.type === 'message'
    if (previous && event.n !== n + (isMessage ? 1 : 0)) {
      const message = `${room.room}: event ${seq} (${event.type}) has n = ${event.n} after ${n}`
      findings.add('wrong-n', message, [withOnly(observed)])
    }
    n = event.n
  }
}
