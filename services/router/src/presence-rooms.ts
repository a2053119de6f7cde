import type { Signal } from '@switchboard/contracts/events'
import type { RoomState } from '@switchboard/domain/room'
import type { PresenceChange } from './presence-clock.ts'

/** Rooms with more members are told the count alone: a list of thousands changes all the time and nobody reads it. */
export const LISTED_MEMBERS_MAX = 200
/** Users in one answer to `room.online`. */
const ANSWERED_MAX = 1_000

type IsOnline = (user: string) => boolean

function countOnline(room: RoomState, isOnline: IsOnline): number {
  let count = 0
  for (const user of room.members.keys()) if (isOnline(user)) count += 1
  return count
}

/** What a room is told of a change; undefined if none of its members is concerned. */
export function presenceSignal(room: RoomState, change: PresenceChange, isOnline: IsOnline): Signal | undefined {
  const online = change.online.filter((user) => room.members.has(user))
  const offline = change.offline.filter((user) => room.members.has(user))
  if (online.length + offline.length === 0) return undefined
  const count = countOnline(room, isOnline)
  return room.members.size > LISTED_MEMBERS_MAX
    ? { type: 'presence', count }
    : { type: 'presence', online, offline, count }
}

/** The answer to `room.online`. */
export function onlineOf(room: RoomState, isOnline: IsOnline): { online: string[]; count: number } {
  const online = [...room.members.keys()].filter(isOnline)
  return { online: online.slice(0, ANSWERED_MAX), count: online.length }
}
