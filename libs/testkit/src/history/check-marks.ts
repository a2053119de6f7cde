import type { Facts } from './facts.ts'
import type { Final, JournalRecord } from './records.ts'
import { isMemberAt, lastChange, type RoomFacts } from './rooms.ts'

type FinalList = Extract<Final, { type: 'final-list' }>
type Row = FinalList['rooms'][number]

interface Mark {
  readonly read: number
  readonly record: JournalRecord & { readonly atMs: number }
}

/** A signal and an answer travel by different ways: one that was overtaken by this much is no mark that moved. */
const OVERTAKEN_MS = 1_000

/** Read marks never move back, and are the same on all devices in the end; unread is what follows from them. */
export function checkMarks(facts: Facts): void {
  const highest = followMarks(facts)
  if (facts.options.withoutFinals) return
  const lists = new Map<string, FinalList[]>()
  for (const record of facts.records) {
    if (record.type !== 'final-list') continue
    const known = lists.get(record.user)
    if (known) known.push(record)
    else lists.set(record.user, [record])
  }
  for (const [user, all] of lists) {
    for (const list of all) checkList(facts, { user, list, highest })
    checkDevices(facts, all)
  }
}

/** @returns the highest mark of each user in each room that anybody was told. */
function followMarks(facts: Facts): Map<string, Mark> {
  const byClient = new Map<string, Mark>()
  const highest = new Map<string, Mark>()
  const roomOf = new Map<string, { room: string; invokedMs: number }>()
  for (const { invoke, answer } of facts.operations.reads)
    if (answer && invoke.operation.name === 'read')
      roomOf.set(invoke.id, { room: invoke.operation.room, invokedMs: invoke.atMs })
  for (const record of facts.records) {
    const told = toldBy(record, roomOf)
    if (!told) continue
    const { room, read, client, user, sinceMs } = told
    const before = byClient.get(`${client} ${room}`)
    // It must have been asked for, or told, after the higher one was known.
    if (before && read < before.read && before.record.atMs < sinceMs) {
      const message = `${room}: ${client} was told that ${user} had read up to ${before.read}, and then up to ${read}`
      facts.findings.add('mark-moved-back', message, [before.record, record])
    }
    if (!before || read > before.read) byClient.set(`${client} ${room}`, { read, record })
    const known = highest.get(`${user} ${room}`)
    if (!known || read > known.read) highest.set(`${user} ${room}`, { read, record })
  }
  return highest
}

function toldBy(record: JournalRecord, roomOf: ReadonlyMap<string, { room: string; invokedMs: number }>) {
  if (record.type === 'mark') {
    const { room, read, client, user, atMs } = record
    if (typeof read !== 'number') return undefined
    return { room, read, client, user, sinceMs: atMs - OVERTAKEN_MS }
  }
  if (record.type !== 'return' || record.outcome !== 'ok' || typeof record.read !== 'number') return undefined
  const asked = roomOf.get(record.id)
  if (!asked) return undefined
  const { read, client, user } = record
  return { room: asked.room, read, client, user, sinceMs: asked.invokedMs }
}

interface OfList {
  readonly user: string
  readonly list: FinalList
  readonly highest: ReadonlyMap<string, Mark>
}

function checkList(facts: Facts, { user, list, highest }: OfList): void {
  const listed = new Set(list.rooms.map(({ room }) => room))
  for (const { room, finals, memberships, head } of facts.roomsOf.get(user) ?? []) {
    if (finals.length === 0 || listed.has(room) || !memberships.get(user)?.at(-1)?.added) continue
    const message = `the list of ${user} has not ${room}, where they are a member up to event ${head}`
    facts.findings.add('wrong-list', message, [shown(list)])
  }
  for (const row of list.rooms) {
    const room = facts.rooms.get(row.room)
    // Without its history nobody knows who is in it; that nobody read it is reported where it matters.
    if (!room || room.finals.length === 0) continue
    if (isMemberAt(room, user, room.head)) {
      checkFinalMark(facts, { user, list, row, told: highest.get(`${user} ${room.room}`) })
      checkUnread(facts, { user, list, row, room })
    } else {
      const message = `the list of ${user} has ${row.room}, where they are no member`
      facts.findings.add('wrong-list', message, [shown(list, row)])
    }
  }
}

const shown = (list: FinalList, row?: Row): FinalList => ({ ...list, rooms: row ? [row] : [] })

function checkFinalMark(
  { findings }: Facts,
  { user, list, row, told }: { user: string; list: FinalList; row: Row; told: Mark | undefined },
): void {
  if (!told || row.read >= told.read) return
  const message = `${row.room}: ${user} had read up to ${told.read}, and in the end up to ${row.read}`
  findings.add('mark-moved-back', message, [told.record, shown(list, row)])
}

/** [P-10]: unread is `n` of the head less `n` at the read position. Whoever writes has seen what stands above. */
function checkUnread(
  { findings }: Facts,
  { user, list, row, room }: { user: string; list: FinalList; row: Row; room: RoomFacts },
): void {
  const nAt = (seq: number): number => room.events.get(seq)?.event.n ?? 0
  const since = lastChange(room, user, room.head)?.seq ?? 0
  const floor = Math.max(since, room.lastMessageOf.get(user) ?? 0)
  const evidence = [shown(list, row)]
  if (row.head !== room.head) {
    const message = `${row.room}: ${user} is told that the head is ${row.head}, and it is ${room.head}`
    findings.add('wrong-unread', message, evidence)
  } else if (row.read < floor) {
    const message = `${row.room}: ${user} has read up to ${row.read}, and wrote or came at ${floor}`
    findings.add('wrong-unread', message, evidence)
  } else if (row.unread !== nAt(room.head) - nAt(row.read)) {
    const after = `${nAt(room.head) - nAt(row.read)} messages stand after ${row.read}`
    const message = `${row.room}: ${user} has ${row.unread} unread, and ${after}`
    findings.add('wrong-unread', message, evidence)
  }
}

function checkDevices({ findings }: Facts, lists: readonly FinalList[]): void {
  const first = new Map<string, { row: Row; list: FinalList }>()
  for (const list of lists)
    for (const row of list.rooms) {
      const known = first.get(row.room)
      if (!known) first.set(row.room, { row, list })
      else if (known.row.read !== row.read) {
        const here = `up to ${known.row.read} on ${known.list.client}`
        const message = `${row.room}: ${list.user} has read ${here}, and up to ${row.read} on ${list.client}`
        findings.add('marks-differ', message, [shown(known.list, known.row), shown(list, row)])
      }
    }
}
