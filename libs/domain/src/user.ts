import type { RoomEvent, UserEvent } from '@switchboard/contracts/events'
import { SYSTEM } from '@switchboard/contracts/ids'
import type { EffectCommand, EntityCommand, EntityRef, OfferCommand, UserCommand } from '@switchboard/contracts/records'
import { meaning } from './intent.ts'
import type { RoomState } from './room.ts'

/** A person's own entity: what its channel `user:<id>` tells. The rooms themselves are storage's projection. */
export interface UserState {
  readonly user: string
  head: number
}

/** Decides a derived command: it is always right, as the room has decided already. */
export function decideUser(state: UserState, command: UserCommand | OfferCommand, nowMs: number): UserEvent {
  const every = { seq: state.head + 1, n: 0, at: nowMs, from: command.from, cid: command.cid }
  switch (command.method) {
    case 'user.room-added':
      return { type: 'room.added', ...every, ...command.body }
    case 'user.room-removed':
      return { type: 'room.removed', ...every, ...command.body }
    case 'user.offer':
      return { type: 'offer', ...every, ...command.body }
    case 'user.offer-gone':
      return { type: 'offer.gone', ...every, ...command.body }
  }
}

/** @throws when the event is not the next. */
export function applyUser(state: UserState, event: UserEvent): void {
  if (event.seq !== state.head + 1) throw new Error(`event ${event.seq} of user ${state.user} after ${state.head}`)
  state.head = event.seq
}

/** A command to another entity that an event brings about. The cid is made of the cause, so that a replay is answered, not applied. */
export interface Effect extends EntityRef {
  readonly command: EffectCommand
}

/**
 * Who must be told in their own channel that they are in, or out of, the room; and the desk, when its visitor writes where nobody
 * reads. `state` is the room with the event applied.
 */
export function effectsOf(state: RoomState, event: RoomEvent): Effect[] {
  const cid = `${state.room}:${event.seq}`
  const added = (user: string): Effect => ({
    kind: 'user',
    id: user,
    command: {
      method: 'user.room-added',
      from: SYSTEM,
      cid,
      body: {
        room: state.room,
        kind: state.kind ?? 'group',
        ...(state.title === null ? {} : { title: state.title }),
        room_seq: event.seq,
      },
    },
  })
  switch (event.type) {
    case 'room.created':
      return event.members.map(({ user }) => added(user))
    case 'member.added':
      return [added(event.user)]
    case 'member.removed':
      return [
        {
          kind: 'user',
          id: event.user,
          command: { method: 'user.room-removed', from: SYSTEM, cid, body: { room: state.room, room_seq: event.seq } },
        },
      ]
    case 'message':
      return heardBy(state, event, cid)
    default:
      return []
  }
}

/** A desk hears who has written: what is closed or put off goes on by it, and promises are kept by it. */
function heardBy({ room, kind, standing, told }: RoomState, { from, seq }: RoomEvent, cid: string): Effect[] {
  if (!standing || kind !== 'conversation') return []
  const by = from === standing.visitor ? 'visitor' : 'agent'
  const opens = by === 'visitor' && (standing.state === 'closed' || standing.state === 'snoozed')
  // What stands before the message that was told of may not have got out: a router that takes over asks again.
  if (!opens && told && seq > told.seq) return []
  const command = { method: 'desk.heard', from: SYSTEM, cid, body: { conversation: room, by } } as const
  return [{ kind: 'desk', id: standing.desk, command }]
}

/** The effects of a command that was applied already, found again by a router that cannot know whether they got out. */
export function effectsAgain(state: RoomState, command: EntityCommand, seq: number): Effect[] {
  const { from, cid } = command
  return effectsOf(state, { ...meaning(command), seq, n: 0, at: 0, from, cid } as RoomEvent)
}
