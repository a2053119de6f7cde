/**
 * channel    queries (NATS request and reply)
 * comes      who of a room is online (to the owner of its partition), who is online at all (to any router)
 * goes       the answer, from memory
 * guarantee  answered or timed out
 * order      none
 * acked      by the answer
 */
import { answer } from '@switchboard/bus/ask'
import type { Bus } from '@switchboard/bus/connect'
import type { Subscribed } from '@switchboard/bus/core'
import { refuse } from '@switchboard/contracts/errors'
import type { PartitionQueries, RouterQueries } from '@switchboard/contracts/queries'
import type { PresenceView } from '@switchboard/domain/presence-view'
import { RoomEntity } from './entity.ts'
import type { Lane } from './lane.ts'
import type { PresenceClock } from './presence-clock.ts'
import { onlineOf } from './presence-rooms.ts'

/** A room that somebody asked about is told of changes for this long; clients ask again while they look. */
export const WATCHED_MS = 60_000

interface Deps {
  readonly bus: Bus
  readonly view: PresenceView
  readonly clock: PresenceClock
  readonly nowMs: () => number
}

/** Answers for one partition, while it is ours. */
export function fromPartitionQueries(
  { bus, view, clock, nowMs }: Deps,
  partition: number,
  laneOf: (room: string) => Lane | undefined,
): Subscribed {
  type Ask = PartitionQueries['room.online']['ask']
  return answer(bus, bus.names.queryPartition(partition, 'room.online'), async ({ room, user }: Ask) => {
    const lane = laneOf(room)
    const entity = await lane?.load()
    if (!lane || !(entity instanceof RoomEntity)) return refuse('unavailable')
    const { state } = entity
    if (!state.members.has(user) && state.kind !== 'public') return refuse('not_a_member', { field: 'room' })
    lane.watchedUntilMs = nowMs() + WATCHED_MS
    const { online, count } = onlineOf(state, (member) => clock.isOnline(member))
    return { online, count, sockets: online.reduce((sum, member) => sum + view.of(member).sockets, 0) }
  })
}

/** Answers as any router can. */
export function fromRouterQueries({ bus, view, clock }: Deps): Subscribed {
  type Ask = RouterQueries['presence.get']['ask']
  return answer(
    bus,
    bus.names.query('router', 'presence.get'),
    async ({ users }: Ask) => ({
      users: users.map((user) => ({
        user,
        online: clock.isOnline(user),
        foreground: view.of(user).foreground > 0,
        last_seen: clock.lastSeen(user),
      })),
    }),
    { queue: 'router' },
  )
}
