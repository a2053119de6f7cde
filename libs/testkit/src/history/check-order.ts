import { type Facts, roomOfWish, seqOfWish } from './facts.ts'
import type { Attempt, Wish } from './operations.ts'

interface Placed {
  readonly wish: Wish
  readonly seq: number
  readonly first: Attempt
}

interface Best {
  readonly seq: number
  readonly placed: Placed | undefined
}

const NOTHING: Best = { seq: 0, placed: undefined }
const higher = (best: Best, placed: Placed): Best => (placed.seq > best.seq ? { seq: placed.seq, placed } : best)

/**
 * The order of a room is the order of real time: what was acknowledged before another thing was asked for stands before it.
 * What ran at the same time may stand either way, but for what one connection sent: its commands reach the room in the order
 * in which they were sent, and keep it as long as no attempt had to be repeated.
 */
export function checkOrder(facts: Facts): void {
  for (const all of placedByRoom(facts).values()) {
    checkRealTime(facts, all)
    checkPipelined(facts, all)
  }
}

function placedByRoom(facts: Facts): Map<string, Placed[]> {
  const rooms = new Map<string, Placed[]>()
  for (const wish of facts.operations.wishes) {
    const seq = facts.options.withoutFinals ? wish.acked?.answer?.seq : seqOfWish(facts.rooms, wish)
    const room = roomOfWish(wish)
    const first = wish.attempts[0]
    if (seq === undefined || room === undefined || !first) continue
    const placed = { wish, seq, first }
    const known = rooms.get(room)
    if (known) known.push(placed)
    else rooms.set(room, [placed])
  }
  return rooms
}

const ackedAt = ({ wish }: Placed): number => wish.acked?.answer?.atMs ?? Number.POSITIVE_INFINITY
const clientOf = ({ first }: Placed): string => first.invoke.client

function checkRealTime(facts: Facts, all: readonly Placed[]): void {
  const asked = all.toSorted((a, b) => a.first.invoke.atMs - b.first.invoke.atMs)
  // What never was acknowledged may happen at any time after it was asked for.
  const acked = all.filter(({ wish }) => wish.acked).sort((a, b) => ackedAt(a) - ackedAt(b))
  const own = new Map<string, Best>()
  let anybody = NOTHING
  let next = 0
  let nextOfAnybody = 0
  for (const placed of asked) {
    const nowMs = placed.first.invoke.atMs
    for (let one = acked[next]; one && ackedAt(one) < nowMs; one = acked[++next])
      own.set(clientOfAnswer(one), higher(own.get(clientOfAnswer(one)) ?? NOTHING, one))
    // Between two processes, only what is further apart than their clocks.
    for (
      let one = acked[nextOfAnybody];
      one && ackedAt(one) < nowMs - facts.options.clockSlackMs;
      one = acked[++nextOfAnybody]
    )
      anybody = higher(anybody, one)
    const mine = own.get(clientOf(placed)) ?? NOTHING
    const before = mine.seq > anybody.seq ? mine : anybody
    if (before.placed && before.placed !== placed && before.seq > placed.seq)
      report(facts, [before.placed, placed], 'was acknowledged before it was asked for')
  }
}

const clientOfAnswer = ({ wish, first }: Placed): string => wish.acked?.answer?.client ?? first.invoke.client

function checkPipelined(facts: Facts, all: readonly Placed[]): void {
  const byClient = new Map<string, { connection: number; best: Best }>()
  for (const placed of all.toSorted((a, b) => a.first.invoke.atMs - b.first.invoke.atMs)) {
    const { wish, first } = placed
    const isOrdered = facts.options.sendsInOrder(first.invoke.client) && wish.operation.name === 'send' && wish.acked
    const isSmooth = wish.attempts.length === 1 && wish.acked === first && first.connection === first.answerConnection
    if (!isOrdered && !isSmooth) continue
    const key = isOrdered ? `${first.invoke.client} sends` : first.invoke.client
    const connection = isOrdered ? 0 : first.connection
    const known = byClient.get(key)
    const best = known?.connection === connection ? known.best : NOTHING
    // One that was acknowledged by then is the other rule's to report.
    if (best.placed && best.seq > placed.seq && ackedAt(best.placed) >= first.invoke.atMs)
      report(facts, [best.placed, placed], 'was sent before it by the same client')
    byClient.set(key, { connection, best: higher(best, placed) })
  }
}

function report({ findings }: Facts, [before, after]: readonly [Placed, Placed], why: string): void {
  const { wish } = after
  const other = `${before.wish.cid} of ${before.wish.user}, which ${why}, is ${before.seq}`
  const message = `${roomOfWish(wish)}: ${wish.cid} of ${wish.user} is event ${after.seq}, and ${other}`
  findings.add('reordered', message, [
    before.first.invoke,
    before.wish.acked?.answer,
    after.first.invoke,
    wish.acked?.answer,
  ])
}
