import type { Standing } from '@switchboard/contracts/desk-events'
import type { Role, RoomEvent, RoomKind } from '@switchboard/contracts/events'
import { standingOf } from '@switchboard/domain/room'
import { type EventDocument, eventKey, type LastMessage, memberKey } from './documents.ts'
import { REDACTED, roomEventDocument, shorten } from './event-document.ts'
import { reactionKey, reactionMark } from './reactions.ts'
import type { Content } from './record.ts'
import type { Redaction, Update } from './writes.ts'

/** What a batch makes of one member: the newest event about them wins. */
interface MemberFold {
  readonly user: string
  seq: number
  role?: Role
  since_seq?: number
  gone?: boolean
}

/** The newest change of one message. */
interface Change {
  readonly seq: number
  readonly at: number
  /** Null when it was deleted. */
  readonly text: string | null
}

/** What a batch makes of one room. */
export interface RoomFold {
  readonly room: string
  readonly documents: EventDocument[]
  readonly members: Map<string, MemberFold>
  readonly marks: Map<string, { seq: number; n: number }>
  readonly changes: Map<number, Change>
  readonly reactions: Map<number, Record<string, number>>
  readonly position: { head: number; n: number; at: number; epoch: string; log_seq: number }
  created?: { kind: RoomKind; pair: readonly string[] | null }
  title?: string | null
  last?: LastMessage
  standing?: Standing
}

export const foldRoom = (room: string): RoomFold => ({
  room,
  documents: [],
  members: new Map(),
  marks: new Map(),
  changes: new Map(),
  reactions: new Map(),
  position: { head: 0, n: 0, at: 0, epoch: '', log_seq: 0 },
})

export function markMember(fold: RoomFold, user: string, mark: { seq: number; n: number }): void {
  if (mark.seq > (fold.marks.get(user)?.seq ?? -1)) fold.marks.set(user, { seq: mark.seq, n: mark.n })
}

function foldMember(fold: RoomFold, user: string, member: Omit<MemberFold, 'user'>): void {
  fold.members.set(user, { ...fold.members.get(user), user, ...member })
}

function join(fold: RoomFold, event: RoomEvent, who: { user: string; role: Role }): void {
  foldMember(fold, who.user, { seq: event.seq, role: who.role, since_seq: event.seq, gone: false })
  // What was there before somebody came is not unread to them.
  markMember(fold, who.user, event)
}

export function addEntry(fold: RoomFold, entry: Extract<Content, { kind: 'room' }>): void {
  for (const event of entry.events) addEvent(fold, event)
  const last = entry.events.at(-1)
  if (!last || last.seq < fold.position.head) return
  const { seq: head, n, at } = last
  Object.assign(fold.position, { head, n, at, epoch: entry.range.epoch, log_seq: entry.logSeq })
}

function addEvent(fold: RoomFold, event: RoomEvent): void {
  fold.documents.push(roomEventDocument(fold.room, event))
  switch (event.type) {
    case 'room.created': {
      const pair = event.kind === 'direct' ? event.members.map(({ user }) => user) : null
      fold.created = { kind: event.kind, pair }
      fold.title = event.title ?? null
      for (const member of event.members) join(fold, event, member)
      break
    }
    case 'room.updated':
      fold.title = event.title
      break
    case 'member.added':
      join(fold, event, event)
      break
    case 'member.changed':
      foldMember(fold, event.user, { seq: event.seq, role: event.role })
      break
    case 'member.removed':
      foldMember(fold, event.user, { seq: event.seq, gone: true })
      break
    case 'message': {
      const { seq, from, at, text } = event
      fold.last = { seq, from, at, text: shorten(text), changed: seq }
      markMember(fold, from, event)
      break
    }
    case 'message.edited':
      change(fold, event.target, { seq: event.seq, at: event.at, text: event.text })
      break
    case 'message.deleted':
      change(fold, event.target, { seq: event.seq, at: event.at, text: null })
      break
    case 'message.reacted': {
      const marks = fold.reactions.get(event.target) ?? {}
      fold.reactions.set(event.target, marks)
      const key = reactionKey(event.emoji, event.from)
      marks[key] = Math.max(marks[key] ?? 0, reactionMark(event.seq, event.on))
      break
    }
    case 'conversation.details':
      break
    default:
      fold.standing = standingOf(event)
  }
}

function change(fold: RoomFold, target: number, to: Change): void {
  const before = fold.changes.get(target)
  if (before && before.seq >= to.seq) return
  fold.changes.set(target, to)
  if (fold.last?.seq === target) fold.last = { ...fold.last, text: shorten(to.text ?? ''), changed: to.seq }
}

const prefixed = (path: string, fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${path}.${name}`, value]))

/** To `events`: guarded, so that an old edit never comes back over a newer one or over a deletion. */
export function changesOf(fold: RoomFold): Update[] {
  const texts = [...fold.changes].map(([target, { seq, at, text }]): Update => {
    const filter = { _id: eventKey(fold.room, target), changed: { $lt: seq } }
    if (text !== null) return { filter, update: { $set: { text, edited: at, changed: seq } }, upsert: 'none' }
    const $unset = Object.fromEntries(REDACTED.map((name) => [name, '']))
    return { filter, update: { $set: { deleted: true, changed: seq }, $unset }, upsert: 'none' }
  })
  const reactions = [...fold.reactions].map(
    ([target, marks]): Update => ({
      filter: { _id: eventKey(fold.room, target) },
      update: { $max: prefixed('reactions', marks) },
      upsert: 'none',
    }),
  )
  return [...texts, ...reactions]
}

export const redactionsOf = (fold: RoomFold): Redaction[] =>
  [...fold.changes].filter(([, { text }]) => text === null).map(([target]) => ({ room: fold.room, target }))

const STRANGER = { role: 'member', since_seq: 0, seq: 0, gone: true, read: 0, read_n: 0 } as const

const without = (fields: object, names: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !Object.hasOwn(names, name)))

export function membersOf(fold: RoomFold): Update[] {
  return [...fold.members.values()].map(({ seq, ...rest }) => {
    const $set = { room: fold.room, seq, ...rest }
    return {
      filter: { _id: memberKey(fold.room, rest.user), seq: { $lt: seq } },
      update: { $set, $setOnInsert: without({ ...STRANGER, gone: false }, $set) },
      upsert: 'guarded',
    }
  })
}

/** A mark may come before the member: then it waits in a document of somebody who is not there. */
export function marksOf(fold: RoomFold): Update[] {
  return [...fold.marks].map(([user, { seq, n }]) => {
    const $max = { read: seq, read_n: n }
    return {
      filter: { _id: memberKey(fold.room, user) },
      update: { $max, $setOnInsert: without({ room: fold.room, user, ...STRANGER }, $max) },
      upsert: 'plain',
    }
  })
}

const UNKNOWN_ROOM = { kind: null, title: null, pair: null, last: null, members: 0, counted: 0 } as const

export function roomOf(fold: RoomFold): Update[] {
  if (fold.position.head === 0) return []
  const $set = {
    ...fold.position,
    ...fold.created,
    ...(fold.title === undefined ? {} : { title: fold.title }),
    ...(fold.last ? { last: fold.last } : {}),
    ...(fold.standing ? { standing: fold.standing } : {}),
  }
  return [
    {
      filter: { _id: fold.room, head: { $lt: fold.position.head } },
      update: { $set, $setOnInsert: without(UNKNOWN_ROOM, $set) },
      upsert: 'guarded',
    },
  ]
}

/** Named after the newest event about a member, so that of two counts the later one stays. */
export const countsOf = ({ room, members }: RoomFold): { room: string; at: number }[] =>
  members.size === 0 ? [] : [{ room, at: Math.max(...[...members.values()].map(({ seq }) => seq)) }]

/**
 * Changes of a message that may be the newest of its room. @NOTE Also of one that this batch holds: another writer may have moved the
 * head past the batch, so that its room stays as it is, and have died before it wrote this.
 */
export function lastsOf(fold: RoomFold): Update[] {
  const changes = [...fold.changes].filter(([target]) => !fold.last || fold.last.seq === target)
  return changes.map(([target, { seq, text }]) => ({
    filter: { _id: fold.room, 'last.seq': target, 'last.changed': { $lt: seq } },
    update: { $set: { 'last.text': shorten(text ?? ''), 'last.changed': seq } },
    upsert: 'none',
  }))
}
