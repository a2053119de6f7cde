import type { DeskEvent } from '@switchboard/contracts/desk-events'
import type { AnyEvent, RoomEvent, UserEvent } from '@switchboard/contracts/events'
import { intentOf } from '@switchboard/domain/intent'
import { type DeskEventDocument, type EventDocument, eventKey, type UserEventDocument } from './documents.ts'
import { reactionKey, reactionMark, reactionsOf } from './reactions.ts'

/** What only storage keeps with an event: no client sees these. */
const INTERNAL: ReadonlySet<string> = new Set(['_id', 'room', 'intent', 'changed', 'reactions'])
/** What a deleted message loses. */
export const REDACTED = ['text', 'mentions', 'files', 'edited'] as const
/** Characters of a message that a room list shows. */
const LAST_TEXT_CHARS = 200

export const shorten = (text: string): string =>
  text.length <= LAST_TEXT_CHARS ? text : text.slice(0, LAST_TEXT_CHARS).toWellFormed()

export const roomEventDocument = (room: string, event: RoomEvent): EventDocument => ({
  _id: eventKey(room, event.seq),
  room,
  ...event,
  intent: intentOf(event),
  changed: event.seq,
})

export const userEventDocument = (user: string, event: UserEvent): UserEventDocument => ({
  _id: eventKey(user, event.seq),
  user,
  ...event,
  intent: intentOf(event),
})

export const deskEventDocument = (desk: string, event: DeskEvent): DeskEventDocument => ({
  _id: eventKey(desk, event.seq),
  desk,
  ...event,
  intent: intentOf(event),
})

/** An event of a desk or of a room as it was written, out of its document. */
export function writtenEvent(document: DeskEventDocument | EventDocument): AnyEvent {
  const own = Object.entries(document).filter(
    ([name]) => !INTERNAL.has(name) && (name !== 'desk' || 'room' in document),
  )
  return Object.fromEntries(own) as unknown as AnyEvent
}

/** The seq of the message that this event changes, or null. */
export const targetOf = (event: RoomEvent): number | null =>
  event.type === 'message.edited' || event.type === 'message.deleted' || event.type === 'message.reacted'
    ? event.target
    : null

/** The target of an event, as it is after it: in memory what the projection does in MongoDB. */
export function changeDocument(document: EventDocument, event: RoomEvent): EventDocument {
  switch (event.type) {
    case 'message.edited':
      if (document.changed >= event.seq) return document
      return { ...document, text: event.text, edited: event.at, changed: event.seq }
    case 'message.deleted': {
      if (document.changed >= event.seq) return document
      const left = Object.entries(document).filter(([name]) => !(REDACTED as readonly string[]).includes(name))
      return { ...(Object.fromEntries(left) as EventDocument), deleted: true, changed: event.seq }
    }
    case 'message.reacted': {
      const key = reactionKey(event.emoji, event.from)
      const mark = Math.max(document.reactions?.[key] ?? 0, reactionMark(event.seq, event.on))
      return { ...document, reactions: { ...document.reactions, [key]: mark } }
    }
    default:
      return document
  }
}

/** An event as clients see it in history. */
export function clientEvent(document: EventDocument): { type: string; seq: number; [field: string]: unknown } {
  const shown = Object.fromEntries(Object.entries(document).filter(([name]) => !INTERNAL.has(name)))
  const reactions = document.deleted ? undefined : reactionsOf(document.reactions)
  return { ...shown, type: document.type, seq: document.seq, ...(reactions ? { reactions } : {}) }
}

/** An event of a person's own channel, as clients see it. */
export function clientUserEvent(document: UserEventDocument): UserEvent {
  const { _id, user: _user, intent: _intent, ...event } = document
  return event as unknown as UserEvent
}
