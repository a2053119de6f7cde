/**
 * channel    queries (NATS request and reply)
 * comes      questions from edge, router and notifier, to any storage pod
 * goes       answers made of MongoDB and the log's unsaved tail; accounts and devices to MongoDB
 * guarantee  answered, or refused as unavailable while MongoDB or NATS is away
 * order      none
 * acked      by the answer
 */
import { answerStorage, type StorageHandlers } from '@switchboard/bus/ask'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { isRefusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { DeadlineError, within } from '@switchboard/runtime/deadline'
import type { Events } from './events.ts'
import { TailTooLongError } from './log-tail.ts'
import { isMongoError } from './mongo-errors.ts'
import type { Abilities } from './mongo-indexes.ts'
import { accountQueries } from './query-accounts.ts'
import { deskQueries } from './query-desk.ts'
import { deskPeopleQueries } from './query-desk-people.ts'
import { deviceQueries } from './query-devices.ts'
import { historyQueries } from './query-history.ts'
import { loadQueries } from './query-load.ts'
import { pushQueries } from './query-push.ts'
import { roomQueries } from './query-rooms.ts'
import { searchQueries } from './query-search.ts'
import { webhookQueries } from './query-webhooks.ts'
import { inTurn } from './question-turns.ts'
import type { Sources } from './room-view.ts'

export interface QueryOptions {
  readonly sources: Sources
  readonly events: Events
  readonly abilities: Abilities
  /** Cost of a password check, as a power of two. */
  readonly costLog2: number
}

type Handler = (question: never) => Promise<object>

/** Answers every question to storage. Disposing waits for the answers that are being made. */
export function fromQueries(options: QueryOptions): AsyncDisposable {
  const { sources } = options
  const answering = new Set<Promise<unknown>>()
  // Commands wait for what routers ask, so that has a place of its own beside what people read and what pushes need.
  const turns = { atOnce: MAX.questionsAtOnce, steadyMs: () => performance.now() }
  const forCommands = inTurn({ ...turns, waitMsMax: MAX.loadWaitMs })
  const forReading = inTurn({ ...turns, waitMsMax: MAX.questionWaitMs })
  const handlers: StorageHandlers = {
    ...forCommands({ ...loadQueries(sources), ...deskQueries(sources) }),
    ...forReading({
      ...historyQueries(sources),
      ...roomQueries(sources),
      ...deviceQueries(sources),
      ...pushQueries(sources),
      ...deskPeopleQueries(sources),
      ...webhookQueries(sources),
      ...searchQueries(sources, options.abilities),
    }),
    // These have a gate of their own: what they cost is the processor and not the database.
    ...accountQueries(sources, options),
  }
  const watched = Object.entries(handlers).map(([name, handle]) => {
    const answer = watch(options.events, name, handle)
    const tracked = (question: never) => {
      const answered = answer(question).finally(() => answering.delete(answered))
      answering.add(answered)
      return answered
    }
    return [name, tracked]
  })
  const subscribed = answerStorage(sources.bus, Object.fromEntries(watched) as StorageHandlers)
  return {
    [Symbol.asyncDispose]: async () => {
      subscribed[Symbol.dispose]()
      await Promise.allSettled(answering)
    },
  }
}

/** The handler with a deadline, counted, and with the absence of a server as a refusal. What else it throws is a bug of ours. */
const watch = (events: Events, query: string, handle: Handler) => async (question: never) => {
  const started = performance.now()
  const answered = (outcome: string) => events.answered({ query, outcome, ms: performance.now() - started })
  try {
    const answer = await within(MAX.querySeconds * 1_000, handle(question), query)
    answered(isRefusal(answer) ? answer.code : 'ok')
    return answer
  } catch (error) {
    events.queryFailed(query, error)
    const isLate = error instanceof DeadlineError
    const isAway = isMongoError(error) || isInfrastructure(error) || error instanceof TailTooLongError
    answered(isLate ? 'timeout' : isAway ? 'unavailable' : 'error')
    if (isLate) return refuse('timeout')
    if (isAway) return refuse('unavailable')
    throw error
  }
}
