import { type DesksFacts, gatherDesks } from './desk-facts.ts'
import { gatherOperations, type Operations, type Wish } from './operations.ts'
import type { Fault, JournalRecord } from './records.ts'
import { gatherRooms, type RoomFacts, senderKey } from './rooms.ts'
import type { Findings, ResolvedOptions } from './verdict.ts'

export interface FaultTime {
  readonly fault: Fault
  readonly beginMs: number
  readonly endMs: number
}

/** All that the checks share, gathered in a few walks over the records. */
export interface Facts {
  readonly records: readonly JournalRecord[]
  readonly options: ResolvedOptions
  readonly findings: Findings
  readonly operations: Operations
  readonly rooms: ReadonlyMap<string, RoomFacts>
  readonly desks: DesksFacts
  /** By user: where they were a member at any time. */
  readonly roomsOf: ReadonlyMap<string, readonly RoomFacts[]>
  readonly publicRooms: ReadonlySet<string>
  readonly faults: readonly FaultTime[]
  readonly endMs: number
}

export function gatherFacts(records: readonly JournalRecord[], options: ResolvedOptions, findings: Findings): Facts {
  const operations = gatherOperations(records)
  const rooms = gatherRooms(records, findings)
  const endMs = records.at(-1)?.atMs ?? 0
  return {
    ...{ records, options, findings, operations, rooms, endMs },
    desks: gatherDesks(records),
    roomsOf: gatherRoomsOf(rooms),
    publicRooms: findPublic(operations.wishes, rooms),
    faults: gatherFaults(records, endMs),
  }
}

/** The room that a wish is about; of a creation, the one that came of it. */
export function roomOfWish(wish: Wish): string | undefined {
  return wish.operation.name === 'create' ? wish.acked?.answer?.room : wish.operation.room
}

/** The seq under which the room keeps what a wish has done, if it was done. */
export function seqOfWish(rooms: Facts['rooms'], wish: Wish): number | undefined {
  const room = rooms.get(roomOfWish(wish) ?? '')
  const seq = wish.acked?.answer?.seq
  // Where it was done twice, the place that was answered is the one that counts.
  const there = seq === undefined ? undefined : room?.events.get(seq)?.event
  if (there?.from === wish.user && there.cid === wish.cid) return seq
  return room?.bySender.get(senderKey(wish.user, wish.cid))
}

function gatherRoomsOf(rooms: ReadonlyMap<string, RoomFacts>): Map<string, RoomFacts[]> {
  const roomsOf = new Map<string, RoomFacts[]>()
  for (const room of rooms.values())
    for (const user of room.memberships.keys()) {
      const known = roomsOf.get(user)
      if (known) known.push(room)
      else roomsOf.set(user, [room])
    }
  return roomsOf
}

function findPublic(wishes: readonly Wish[], rooms: ReadonlyMap<string, RoomFacts>): Set<string> {
  const asked = new Set<string>()
  const found = new Set<string>()
  for (const wish of wishes) {
    if (wish.operation.name !== 'create' || wish.operation.kind !== 'public') continue
    asked.add(senderKey(wish.user, wish.cid))
    const room = roomOfWish(wish)
    if (room !== undefined) found.add(room)
  }
  for (const { room, events } of rooms.values()) {
    const first = events.get(1)?.event
    if (first && asked.has(senderKey(first.from, first.cid))) found.add(room)
  }
  return found
}

/** When each fault was on. One that was never healed was on to the end. */
export function gatherFaults(records: readonly JournalRecord[], endMs: number): FaultTime[] {
  const begun = new Map<string, Fault>()
  const times: FaultTime[] = []
  for (const record of records) {
    if (record.type !== 'fault') continue
    if (record.phase === 'begin') begun.set(record.id, record)
    else {
      const fault = begun.get(record.id)
      if (fault) times.push({ fault, beginMs: fault.atMs, endMs: record.atMs })
      begun.delete(record.id)
    }
  }
  for (const fault of begun.values()) times.push({ fault, beginMs: fault.atMs, endMs })
  return times.sort((a, b) => a.beginMs - b.beginMs)
}
