import type { RoomEvent } from '@switchboard/contracts/events'

/** One sentence about an event that is no message. */
export function noticeText(event: RoomEvent, nameOf: (user: string) => string): string {
  const who = nameOf(event.from)
  switch (event.type) {
    case 'room.created':
      return event.kind === 'direct' ? `${who} began the conversation` : `${who} created the room`
    case 'room.updated':
      return `${who} named the room “${event.title}”`
    case 'member.added':
      return event.user === event.from ? `${who} joined` : `${who} added ${nameOf(event.user)}`
    case 'member.removed':
      return event.user === event.from ? `${who} left` : `${who} removed ${nameOf(event.user)}`
    case 'member.changed':
      return `${who} made ${nameOf(event.user)} ${event.role}`
    default:
      return ''
  }
}
