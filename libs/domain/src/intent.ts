import { createHash } from 'node:crypto'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityCommand } from '@switchboard/contracts/records'

/** Fields of an event that the router adds: they say nothing about what was asked for. */
const ADDED: ReadonlySet<string> = new Set(['seq', 'n', 'at', 'from', 'cid'])

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, canonical(v)]))
}

const digest = (value: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(canonical(value)))
    .digest('base64url')
    .slice(0, 16)

/**
 * What an event’s command meant, as a digest: two commands with the same cid are the same only if this is equal too (G3).
 * Derived from the event, so that storage can keep it without being told.
 */
export function intentOf(event: AnyEvent): string {
  if ('meant' in event && event.meant !== undefined) return event.meant
  return digest(Object.fromEntries(Object.entries(event).filter(([name]) => !ADDED.has(name))))
}

/** The digest that the first event of this command has, whatever else the command brings about. */
export function intentOfCommand(command: EntityCommand): string {
  return digest(meaning(command))
}

/** The event that a command asks for, less what the router adds. @throws for a read mark, which is no event. */
export function meaning(command: EntityCommand): object {
  const { body, from } = command
  switch (command.method) {
    case 'room.create': {
      const { kind, title, members } = command.body
      return { type: 'room.created', kind, title, members: firstMembers(from, kind, members ?? []) }
    }
    case 'room.update':
      return { type: 'room.updated', ...body }
    case 'room.join':
      return { type: 'member.added', user: from, role: 'member' }
    case 'room.add':
      return { type: 'member.added', user: command.body.user, role: 'member' }
    case 'room.leave':
      return { type: 'member.removed', user: from }
    case 'room.remove':
      return { type: 'member.removed', user: command.body.user }
    case 'room.role':
      return { type: 'member.changed', ...body }
    case 'message.send': {
      // Where the writer stood is no part of what they say.
      const { seen: _seen, ...message } = command.body
      return { type: 'message', ...message }
    }
    case 'message.edit':
      return { type: 'message.edited', target: command.body.seq, text: command.body.text }
    case 'message.delete':
      return { type: 'message.deleted', target: command.body.seq }
    case 'message.react':
      return { type: 'message.reacted', target: command.body.seq, emoji: command.body.emoji, on: command.body.on }
    case 'user.room-added':
      return { type: 'room.added', ...body }
    case 'user.room-removed':
      return { type: 'room.removed', ...body }
    case 'user.offer':
      return { type: 'offer', ...body }
    case 'user.offer-gone':
      return { type: 'offer.gone', ...body }
    case 'mark.read':
      throw new Error('a read mark is no event and has no cid')
    default:
      // What a desk is asked for, and what it tells rooms, becomes several events: they carry this digest, or need none.
      return { method: command.method, ...body }
  }
}

/** Members of a new room: its creator first. In a direct room both own it. */
export function firstMembers(from: string, kind: string, members: readonly string[]) {
  const others = members.filter((user) => user !== from)
  const role = kind === 'direct' ? ('owner' as const) : ('member' as const)
  return [{ user: from, role: 'owner' as const }, ...others.map((user) => ({ user, role }))]
}
