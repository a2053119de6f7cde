/**
 * channel    queries (request and reply)
 * comes      questions of connections, of the API, and of feeds that need what the log holds no more
 * goes       storage, or the router that owns the room
 * guarantee  answered or timed out
 * order      none
 * acked      by the answer
 */
import { askPartition, askRouter, askStorage } from '@switchboard/bus/ask'
import { askTogether } from '@switchboard/bus/ask-together'
import type { Bus } from '@switchboard/bus/connect'
import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import type { UserRooms } from '@switchboard/contracts/queries'
import { pause } from '@switchboard/runtime/deadline'
import { createArchive } from './archive.ts'
import type { Clock } from './clock.ts'
import type { EdgeEvents } from './events.ts'
import type { Archive } from './log-source.ts'
import type { Newest } from './newest.ts'
import type { RpcParts } from './rpc.ts'

/**
 * When an edge has died thousands of people come at once: whoever comes close behind a question, or while two are without an answer,
 * is asked about in the next one. A database answers for a hundred people in little more time than for one: of 5,000 who come back
 * in three seconds, questions every 10 ms were 230, and half of what storage and database had to do.
 */
const USER_QUESTIONS_MAX = 2
const USER_QUESTIONS_EVERY_MS = 50
const USERS_MAX = 100

export interface Queries extends Pick<RpcParts, 'storage' | 'partition' | 'router'> {
  readonly archive: Archive
  /** The rooms of a person, up to the event `head` of their own log at least. */
  userRooms(asked: { user: string; head: number }): Promise<UserRooms | Refusal>
}

export function toQueries(bus: Bus, clock: Clock, { events, newest }: { events: EdgeEvents; newest: Newest }): Queries {
  const counted = async <T extends object>(asking: Promise<T | Refusal>): Promise<T | Refusal> => {
    const answer = await asking
    events.asked(isRefusal(answer) ? answer.code : 'done')
    return answer
  }
  const storage: Queries['storage'] = (name, question) => counted(askStorage(bus, name, question))
  const userRooms = askTogether<{ user: string; head: number }, UserRooms>({
    ask: async (asked) => {
      const [users, heads] = [asked.map(({ user }) => user), asked.map(({ head }) => head)]
      const answer = await storage('user.rooms', { users, heads })
      return isRefusal(answer) ? answer : answer.lists
    },
    weigh: () => 1,
    weightMax: USERS_MAX,
    atOnceMax: USER_QUESTIONS_MAX,
    everyMs: USER_QUESTIONS_EVERY_MS,
    pause,
  })
  return {
    storage,
    partition: (id, name, question) => counted(askPartition(bus, id, name, question)),
    router: (name, question) => counted(askRouter(bus, name, question)),
    archive: createArchive({ storage, newest, soon: clock.soon }),
    userRooms,
  }
}
