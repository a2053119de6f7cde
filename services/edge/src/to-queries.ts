/**
 * channel    queries (request and reply)
 * comes      questions of connections, of the API, and of feeds that need what the log holds no more
 * goes       storage, or the router that owns the room
 * guarantee  answered or timed out
 * order      none
 * acked      by the answer
 */
import { askPartition, askRouter, askStorage } from '@switchboard/bus/ask'
import type { Bus } from '@switchboard/bus/connect'
import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import type { UserRooms } from '@switchboard/contracts/queries'
import { createArchive } from './archive.ts'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Archive } from './log-source.ts'
import type { RpcParts } from './rpc.ts'
import { UserRoomsGatherer } from './user-rooms.ts'

export interface Queries extends Pick<RpcParts, 'storage' | 'partition' | 'router'> {
  readonly archive: Archive
  userRooms(user: string): Promise<UserRooms | Refusal>
}

export function toQueries(bus: Bus, clock: Clock, events: EdgeEvents): Queries {
  const counted = async <T extends object>(asking: Promise<T | Refusal>): Promise<T | Refusal> => {
    const answer = await asking
    events.asked(isRefusal(answer) ? answer.code : 'done')
    return answer
  }
  const storage: Queries['storage'] = (name, question) => counted(askStorage(bus, name, question))
  const gatherer = new UserRoomsGatherer(clock, (users) => storage('user.rooms', { users }))
  return {
    storage,
    partition: (id, name, question) => counted(askPartition(bus, id, name, question)),
    router: (name, question) => counted(askRouter(bus, name, question)),
    archive: createArchive(storage),
    userRooms: (user) => gatherer.ask(user),
  }
}
