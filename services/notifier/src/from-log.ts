/**
 * channel    log (JetStream)
 * comes      the events of all rooms; only messages matter here
 * goes       the planner, then to-pushes
 * guarantee  at least once; a message planned twice gives the same pushes under the same ids
 * order      none: each message is planned for itself
 * acked      after the stream of pushes has all of its pushes
 */
import type { Bus } from '@switchboard/bus/connect'
import { consumeWork, done, type Outcome, retry, type WorkRecord } from '@switchboard/bus/work'
import { decodeEntry } from '@switchboard/contracts/entry'
import { isRefusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { Device, PushRecord } from '@switchboard/contracts/records'
import { entityOf, STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import { backOffMs } from './back-off.ts'
import type { Events } from './events.ts'
import { type MessageEvent, plan, strangers } from './planner.ts'
import { RoomTurns } from './room-turns.ts'
import type { Queries } from './to-queries.ts'

const ENTRIES_AT_ONCE_MAX = 256
/** Rooms that storage is asked about at the same time. People wait for its other answers; a push can wait. */
const ROOMS_AT_ONCE_MAX = 4
/** Storage was away or slow: its answer is worth waiting for, the message is in the log. */
const QUERY_RETRY_MS = 1_000
/** With more members than this a message is for the room, and only a mention is for a person. */
const LARGE_ROOM_MEMBERS = 100

export type FromLogOptions = {
  readonly queries: Queries
  readonly toPushes: (records: readonly PushRecord[]) => Promise<void>
  readonly providers: ReadonlySet<Device['provider']>
  readonly events: Events
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly delayMs: number
  readonly crash: (error: unknown) => void
}

/** Plans the pushes of every message, with all other notifiers. */
export async function fromLog(bus: Bus, options: FromLogOptions): Promise<AsyncDisposable> {
  const turns = new RoomTurns<readonly MessageEvent[], Outcome>(ROOMS_AT_ONCE_MAX, (room, entries) =>
    planMessages(room, entries.flat(), options),
  )
  const handle = async (record: WorkRecord): Promise<Outcome> => {
    const { kind, id } = entityOf(record.subject)
    if (kind !== 'room') return done
    const finish = options.events.taking('log')
    let result = 'failed'
    try {
      const messages = freshOf(id, messagesOf(record), options)
      const outcome = messages.length === 0 ? done : await turns.add(id, messages)
      result = outcome.kind
      return outcome.kind === 'retry'
        ? retry(backOffMs(outcome.afterMs, record.attempt - 1, options.random()))
        : outcome
    } finally {
      finish(result)
    }
  }
  await using consumers = new AsyncDisposableStack()
  for (const number of STREAM_NUMBERS) {
    const consumer = await consumeWork(bus, {
      service: 'notifier',
      channel: 'log',
      stream: bus.names.logStream(number),
      durable: bus.names.durable('notifier'),
      filter: bus.names.logRepublish.src,
      parallel: ENTRIES_AT_ONCE_MAX,
      handle,
      crash: options.crash,
    })
    consumers.use(consumer)
  }
  return consumers.move()
}

function messagesOf(record: WorkRecord): MessageEvent[] {
  return decodeEntry(record.data).filter((event) => event.type === 'message')
}

/** A notifier that starts on a long log must not ask storage about every message of a week. */
function freshOf(room: string, messages: readonly MessageEvent[], options: FromLogOptions): MessageEvent[] {
  return messages.filter(({ seq, at }) => {
    const fresh = options.now() - at <= MAX.pushAgeMs
    if (!fresh) options.events.skipped({ reason: 'too-old' }, { room, seq })
    return fresh
  })
}

/** Storage is asked once for each author of the messages, not once for each message. */
async function planMessages(
  room: string,
  messages: readonly MessageEvent[],
  options: FromLogOptions,
): Promise<Outcome> {
  for (const [from, written] of Map.groupBy(messages, (event) => event.from)) {
    const members = new Set<string>()
    let large: boolean | undefined
    for await (const page of options.queries.recipients(room, from)) {
      if (isRefusal(page)) return retry(page.after_ms ?? QUERY_RETRY_MS)
      large ??= page.more || page.recipients.length > LARGE_ROOM_MEMBERS
      for (const { user } of page.recipients) members.add(user)
      const plans = written.map((event) =>
        plan({
          room,
          title: page.title,
          kind: page.kind,
          event,
          fromName: page.from_name,
          recipients: page.recipients,
          large: large === true,
          providers: options.providers,
          delayMs: options.delayMs,
        }),
      )
      await options.toPushes(plans.flatMap(({ pushes }) => pushes))
      for (const record of plans.flatMap(({ pushes }) => pushes)) options.events.planned(record)
      plans.forEach(({ skips }, index) => {
        const seq = written[index]?.seq ?? 0
        for (const skip of skips) options.events.skipped(skip, { room, seq })
      })
    }
    for (const event of written) {
      for (const skip of strangers(event, members)) options.events.skipped(skip, { room, seq: event.seq })
    }
  }
  return done
}
