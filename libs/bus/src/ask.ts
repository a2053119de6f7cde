import { type Msg, type MsgHdrs, NoRespondersError, TimeoutError } from '@nats-io/nats-core'
import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import { partitionOf } from '@switchboard/contracts/partition'
import type { Answered, PartitionQueries, RouterQueries, StorageQueries } from '@switchboard/contracts/queries'
import { throughSpan } from '@switchboard/runtime/tracing'
import type { Bus } from './connect.ts'
import { decodeJson, encodeJson, type Subscribed, subscribe } from './core.ts'
import { stackless } from './stackless.ts'
import { headersOption, traceOf, withTrace } from './trace.ts'

/** Questions that one process answers at the same time; the next is refused, so that a slow database is seen and not queued for. */
const ANSWERS_MAX = 1_000

const isNoResponders = (error: unknown): boolean =>
  error instanceof NoRespondersError || (error instanceof Error && error.cause instanceof NoRespondersError)

/** Asks, and waits for at most `ms`. Nobody there is `unavailable`, no answer is `timeout`: both may be asked again. */
export async function ask<T extends object>(
  bus: Bus,
  subject: string,
  question: unknown,
  ms = MAX.querySeconds * 1_000,
): Promise<T | Refusal> {
  const query = nameOf(subject)
  const span = bus.tracing?.begin('query.ask', { cause: bus.tracing.active, of: query, attributes: { query } })
  return throughSpan(span, () => request<T>(bus, { subject, question, ms, headers: withTrace(span) }), outcomeOf)
}

const outcomeOf = (answer: object | Refusal) => (isRefusal(answer) ? { outcome: answer.code } : {})

/** What a subject asks for, without the number of a partition. */
const nameOf = (subject: string): string => subject.slice(subject.lastIndexOf('.', subject.lastIndexOf('.') - 1) + 1)

async function request<T extends object>(
  bus: Bus,
  { subject, question, ms, headers }: { subject: string; question: unknown; ms: number; headers: MsgHdrs | undefined },
): Promise<T | Refusal> {
  try {
    const options = { timeout: ms, ...headersOption(headers) }
    const reply = await stackless(() => bus.nc.request(subject, encodeJson(question), options))
    const answered = decodeJson<Answered<T>>(reply.data)
    return 'ok' in answered ? answered.ok : answered.no
  } catch (error) {
    if (isNoResponders(error)) return refuse('unavailable')
    if (error instanceof TimeoutError) return refuse('timeout')
    if (error instanceof SyntaxError) throw error
    bus.log.debug({ subject, error: String(error) }, 'a question did not get out')
    return refuse('unavailable')
  }
}

/** Answers each question with a value or a refusal. What the handler throws is a bug or an infrastructure error: logged, answered `unavailable`. */
export function answer<Q, T extends object>(
  bus: Bus,
  subject: string,
  handle: (question: Q) => Promise<T | Refusal>,
  options: { queue?: string } = {},
): Subscribed {
  let answering = 0
  const respond = (message: Msg, answered: Answered<T>) => {
    const bytes = encodeJson(answered)
    const most = bus.nc.info?.max_payload ?? Number.POSITIVE_INFINITY
    message.respond(bytes.byteLength <= most ? bytes : encodeJson({ no: refuse('too_large') }))
  }
  return subscribe(
    bus,
    subject,
    async (message) => {
      if (answering >= ANSWERS_MAX) return respond(message, { no: refuse('too_many_requests', { after_ms: 1_000 }) })
      answering += 1
      const query = nameOf(subject)
      const span = bus.tracing?.begin('query.answer', {
        cause: traceOf(message.headers),
        of: query,
        attributes: { query },
      })
      try {
        const result = await throughSpan(span, async () => handle(decodeJson<Q>(message.data)), outcomeOf)
        respond(message, isRefusal(result) ? { no: result } : { ok: result })
      } catch (error) {
        bus.log.error(
          { subject, error: String(error), stack: error instanceof Error ? error.stack : undefined },
          'a question failed',
        )
        if (!bus.nc.isClosed()) respond(message, { no: refuse('unavailable') })
      } finally {
        answering -= 1
      }
    },
    options,
  )
}

export const askStorage = <Name extends keyof StorageQueries>(
  bus: Bus,
  name: Name,
  question: StorageQueries[Name]['ask'],
) => ask<StorageQueries[Name]['answer'] & object>(bus, bus.names.query('storage', name), question)

/** Asks whichever router there is. */
export const askRouter = <Name extends keyof RouterQueries>(
  bus: Bus,
  name: Name,
  question: RouterQueries[Name]['ask'],
) => ask<RouterQueries[Name]['answer'] & object>(bus, bus.names.query('router', name), question)

/** Asks the router that owns the partition of `id`. */
export const askPartition = <Name extends keyof PartitionQueries>(
  bus: Bus,
  id: string,
  ...[name, question]: [Name, PartitionQueries[Name]['ask']]
) => ask<PartitionQueries[Name]['answer'] & object>(bus, bus.names.queryPartition(partitionOf(id), name), question)

export type StorageHandlers = {
  readonly [Name in keyof StorageQueries]: (
    question: StorageQueries[Name]['ask'],
  ) => Promise<StorageQueries[Name]['answer'] | Refusal>
}

/** Answers every question to storage, shared among all storage pods. */
export function answerStorage(bus: Bus, handlers: StorageHandlers): Disposable {
  const subscriptions = Object.entries(handlers).map(([name, handle]) =>
    answer(bus, bus.names.query('storage', name), handle as (question: unknown) => Promise<object>, {
      queue: 'storage',
    }),
  )
  return {
    [Symbol.dispose]: () => {
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
  }
}
