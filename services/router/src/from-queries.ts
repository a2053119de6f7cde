/**
 * channel    queries (NATS request and reply)
 * comes      who of a room is online and how a desk stands (to the owner of its partition), who is online at all (to any router)
 * goes       the answer, from memory
 * guarantee  answered or timed out
 * order      none
 * acked      by the answer
 */
import { answer } from '@switchboard/bus/ask'
import type { Bus } from '@switchboard/bus/connect'
import type { Subscribed } from '@switchboard/bus/core'
import { type Refusal, refuse } from '@switchboard/contracts/errors'
import type { PartitionQueries, RouterQueries } from '@switchboard/contracts/queries'
import type { DeskState } from '@switchboard/domain/desk'
import type { PresenceView } from '@switchboard/domain/presence-view'
import { infoOf, positionOf, roleOf, viewOf } from './desk-answers.ts'
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
}

/** Answers for one partition, while it is ours. */
export function fromPartitionQueries(
  { bus, view, clock }: Deps,
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
    lane.watchedUntilMs = performance.now() + WATCHED_MS
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

/** Answers for the desks of one partition, while it is ours. */
export function fromDeskQueries(
  { bus, nowMs }: { readonly bus: Bus; readonly nowMs: () => number },
  partition: number,
  laneOf: (desk: string) => Lane | undefined,
): Subscribed {
  type Of<Name extends keyof PartitionQueries> = PartitionQueries[Name]
  const answering = <Name extends 'desk.position' | 'desk.info' | 'desk.role' | 'desk.view'>(
    name: Name,
    answerOf: (state: DeskState, ask: Of<Name>['ask'], nowMs: number) => Of<Name>['answer'] | Refusal,
  ): Subscribed =>
    answer<Of<Name>['ask'], Of<Name>['answer'] & object>(
      bus,
      bus.names.queryPartition(partition, name),
      async (ask) => {
        const lane = laneOf(ask.desk)
        await lane?.load()
        const state = lane?.desk?.state
        return state ? answerOf(state, ask, nowMs()) : refuse('unavailable')
      },
    )
  const subscribed = [
    answering('desk.position', positionOf),
    answering('desk.info', (state, _ask, now) => infoOf(state, now)),
    answering('desk.role', roleOf),
    answering('desk.view', viewOf),
  ]
  return {
    unsubscribe: () => {
      for (const each of subscribed) each.unsubscribe()
    },
  }
}
