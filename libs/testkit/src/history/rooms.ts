import type { EventSeen, Final, JournalRecord } from './records.ts'
import type { Findings } from './verdict.ts'

export type FinalHistory = Extract<Final, { type: 'final-history' }>

export interface Observed {
  readonly event: EventSeen
  /** Who saw it first: the record. */
  readonly record: JournalRecord
}

export interface RoomFacts {
  readonly room: string
  /** By seq; the final histories first, then what clients saw. */
  readonly events: Map<number, Observed>
  readonly finals: FinalHistory[]
  /** seq by sender and cid, as histories have it (or clients saw it, if there is no history). */
  readonly bySender: Map<string, number>
  /** Of the final histories; of what was seen if there are none. */
  head: number
  /** Messages that were edited or deleted: histories have another text of them. */
  readonly changed: Set<number>
  /** seq of the newest message of each user. */
  readonly lastMessageOf: Map<string, number>
  /** By user: when they became a member (`added`) and when they ceased to be one, by seq. */
  readonly memberships: Map<string, { readonly seq: number; readonly added: boolean }[]>
}

export const senderKey = (from: string, cid: string): string => `${from} ${cid}`

/** The truth about each room, put together from all that was seen of it. Reports those who saw something else. */
export function gatherRooms(records: readonly JournalRecord[], findings: Findings): Map<string, RoomFacts> {
  const rooms = new Map<string, RoomFacts>()
  const get = (room: string): RoomFacts => {
    const known = rooms.get(room)
    if (known) return known
    const fresh: RoomFacts = {
      ...{ room, events: new Map(), finals: [], bySender: new Map(), head: 0 },
      ...{ changed: new Set(), lastMessageOf: new Map(), memberships: new Map() },
    }
    rooms.set(room, fresh)
    return fresh
  }
  for (const record of records) {
    if (record.type !== 'final-history') continue
    const facts = get(record.room)
    facts.finals.push(record)
    for (const event of record.events) {
      facts.head = Math.max(facts.head, event.seq)
      observe(facts, { event, record }, findings)
    }
  }
  for (const record of records) {
    if (record.type !== 'seen') continue
    const facts = get(record.room)
    if (facts.finals.length === 0) facts.head = Math.max(facts.head, record.event.seq)
    observe(facts, { event: record.event, record }, findings)
  }
  for (const facts of rooms.values()) gatherMembers(facts)
  return rooms
}

const isSame = (a: EventSeen, b: EventSeen): boolean =>
  a.cid === b.cid && a.from === b.from && a.type === b.type && a.n === b.n && a.target === b.target && a.user === b.user

function observe(facts: RoomFacts, observed: Observed, findings: Findings): void {
  const { event, record } = observed
  const known = facts.events.get(event.seq)
  if (!known) {
    facts.events.set(event.seq, observed)
    const key = senderKey(event.from, event.cid)
    const isTruth = facts.finals.length === 0 || record.type === 'final-history'
    if (isTruth && !facts.bySender.has(key)) facts.bySender.set(key, event.seq)
  } else if (!isSame(known.event, event)) {
    const [a, b] = [known.event, event].map(({ type, from, cid }) => `${type} ${cid} of ${from}`)
    const first = `${facts.room}: event ${event.seq} is ${a} to ${observerOf(known.record)}`
    const message = `${first}, and ${b} to ${observerOf(record)}`
    findings.add('different-order', message, [withOnly(known), withOnly(observed)])
  }
}

export function observerOf(record: JournalRecord): string {
  if (record.type === 'final-history') return `the ${record.source}`
  return 'client' in record && record.client !== undefined ? record.client : 'a client'
}

/** A whole history is no evidence that anybody reads: only the event in question stays. */
export const withOnly = ({ event, record }: Observed): JournalRecord =>
  record.type === 'final-history' ? { ...record, events: [event] } : record

function gatherMembers(facts: RoomFacts): void {
  const note = (user: string, seq: number, added: boolean) => {
    const known = facts.memberships.get(user)
    if (known) known.push({ seq, added })
    else facts.memberships.set(user, [{ seq, added }])
  }
  for (const seq of [...facts.events.keys()].sort((a, b) => a - b)) {
    const observed = facts.events.get(seq)
    // What only a client saw, and no history has, is reported, and changes nobody's membership.
    if (facts.finals.length > 0 && observed?.record.type !== 'final-history') continue
    const event = observed?.event
    if (event?.target !== undefined && event.type !== 'message.reacted') facts.changed.add(event.target)
    if (event?.type === 'message') facts.lastMessageOf.set(event.from, seq)
    else if (event?.type === 'room.created')
      for (const user of new Set([event.from, ...(event.members ?? [])])) note(user, seq, true)
    else if (event?.type === 'member.added' && event.user !== undefined) note(event.user, seq, true)
    else if (event?.type === 'member.removed' && event.user !== undefined) note(event.user, seq, false)
  }
}

/** Whether a user is a member once the event `seq` has happened. */
export function isMemberAt(facts: RoomFacts, user: string, seq: number): boolean {
  return lastChange(facts, user, seq)?.added ?? false
}

/** The last time up to `seq` that a user came or went. */
export function lastChange(facts: RoomFacts, user: string, seq: number): { seq: number; added: boolean } | undefined {
  return facts.memberships.get(user)?.findLast((change) => change.seq <= seq)
}

/** Whether a user ceased to be a member by one of the events after `after` and up to `upTo`. */
export const wasRemovedBetween = (facts: RoomFacts, user: string, range: { after: number; upTo: number }): boolean =>
  facts.memberships.get(user)?.some(({ seq, added }) => !added && seq > range.after && seq <= range.upTo) ?? false
