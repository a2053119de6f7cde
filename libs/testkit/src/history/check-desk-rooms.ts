import type { DesksFacts } from './desk-facts.ts'
import type { Facts } from './facts.ts'
import type { EventSeen, Seen } from './records.ts'
import type { StandingSeen } from './records-desk.ts'
import { type RoomFacts, withOnly } from './rooms.ts'

const NOTES = 'n-'

/** To the room of a conversation, what is offered waits. */
export const shownState = (state: StandingSeen['state']): string => (state === 'offered' ? 'queued' : state)

/** What the rooms of conversations keep and show: one agent writes at each point, notes are for agents, and rooms follow their desk. */
export function checkDeskRooms(facts: Facts, all: DesksFacts): void {
  const notes = notesOf(facts)
  for (const [conversation, visitor] of all.visitorOf) {
    const room = facts.rooms.get(conversation)
    if (!room) continue
    checkWriters(facts, room, visitor)
    checkKeptNotes(facts, room, notes)
    if (room.finals.length > 0) checkFollows({ facts, all }, room)
  }
  for (const record of facts.records) if (record.type === 'seen') checkSeenNote({ facts, all, notes }, record)
}

/** Texts that were written for agents alone. */
function notesOf({ rooms }: Facts): Set<string> {
  const notes = [...rooms.values()].filter(({ room }) => room.startsWith(NOTES))
  const events = notes.flatMap((room) => [...room.events.values()].map(({ event }) => event))
  return new Set(events.flatMap(({ type, text }) => (type === 'message' && text !== undefined ? [text] : [])))
}

const isSecret = ({ type, text }: EventSeen, notes: ReadonlySet<string>): boolean =>
  type === 'conversation.details' || (text !== undefined && notes.has(text))

function checkSeenNote(
  { facts, all, notes }: { facts: Facts; all: DesksFacts; notes: ReadonlySet<string> },
  record: Seen,
): void {
  const isBeside = record.room.startsWith(NOTES)
  const conversation = isBeside ? record.room.slice(NOTES.length) : record.room
  if (all.visitorOf.get(conversation) !== record.user) return
  if (!isBeside && !isSecret(record.event, notes)) return
  const what = `${record.user}, a visitor, was given event ${record.event.seq} of ${record.room}`
  const message = `${what}, which is for agents`
  facts.findings.add('note-seen', message, [record])
}

/** A visitor may read all of this room. */
function checkKeptNotes({ findings }: Facts, room: RoomFacts, notes: ReadonlySet<string>): void {
  for (const observed of room.events.values()) {
    if (observed.record.type !== 'final-history' || !isSecret(observed.event, notes)) continue
    findings.add('note-seen', `${room.room}: event ${observed.event.seq} is for agents alone`, [withOnly(observed)])
  }
}

function checkWriters({ findings }: Facts, room: RoomFacts, visitor: string): void {
  let standing: StandingSeen | undefined
  for (const seq of [...room.events.keys()].sort((a, b) => a - b)) {
    const observed = room.events.get(seq)
    if (!observed) continue
    // Behind a hole nobody knows who is responsible; that there is one is another check's to say.
    if (!room.events.has(seq - 1)) standing = undefined
    const { type, from, standing: told } = observed.event
    if (told) standing = told
    if (type !== 'message' || from === visitor || !standing) continue
    const isOwner = from === standing.agent && standing.state !== 'closed'
    if (isOwner) continue
    const owner = standing.agent ?? 'nobody'
    const message = `${room.room}: ${from} wrote event ${seq}, and ${owner} was responsible (${standing.state})`
    findings.add('wrong-writer', message, [withOnly(observed)])
  }
}

/** When all is quiet, the room says what its desk says. */
function checkFollows({ facts, all }: { facts: Facts; all: DesksFacts }, room: RoomFacts): void {
  const last = all.changes.get(room.room)?.at(-1)?.conversation
  const told = [...room.events.values()].sort((a, b) => b.event.seq - a.event.seq).find(({ event }) => event.standing)
  if (!last || last.state === 'moved') return
  const standing = told?.event.standing
  if (standing && shownState(standing.state) === shownState(last.state) && standing.agent === last.agent) return
  const here = `${standing?.state} with ${standing?.agent}`
  const message = `${room.room}: the room says that it is ${here}, and the desk ${last.state} with ${last.agent}`
  facts.findings.add('room-behind', message, [told && withOnly(told)])
}
