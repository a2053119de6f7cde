/**
 * channel    log (JetStream)
 * comes      the events of all rooms and desks; only messages and changes of conversations matter here
 * goes       the planner, then to-pushes
 * guarantee  at least once; a message planned twice gives the same pushes under the same ids
 * order      none: each message is planned for itself
 * acked      after the stream of pushes has all that follows from it
 */
import type { Bus } from '@switchboard/bus/connect'
import { readHead, readTail } from '@switchboard/bus/log'
import { traceOf } from '@switchboard/bus/trace'
import { consumeWork, done, type Outcome, retry, type WorkRecord } from '@switchboard/bus/work'
import type { DeskEvent } from '@switchboard/contracts/desk-events'
import { decodeEntry } from '@switchboard/contracts/entry'
import { isRefusal } from '@switchboard/contracts/errors'
import { MAX } from '@switchboard/contracts/limits'
import type { Device, EntityRef, HookRecord, PushRecord } from '@switchboard/contracts/records'
import { entityOf, STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import { inSpan, type Span, throughSpan } from '@switchboard/runtime/tracing'
import { backOffMs } from './back-off.ts'
import type { Events } from './events.ts'
import type { KnownHooks } from './known-hooks.ts'
import { hooksOfDesk, hooksOfMessage } from './plan-hooks.ts'
import { plan, strangers, type Written } from './planner.ts'
import type { TailDoor } from './room-tail.ts'
import { RoomTurns } from './room-turns.ts'
import type { CausedPush } from './to-pushes.ts'
import type { Queries, RecipientsPage } from './to-queries.ts'

const ENTRIES_AT_ONCE_MAX = 256
/** Rooms that storage is asked about at the same time. People wait for its other answers; a push can wait. */
const ROOMS_AT_ONCE_MAX = 4
/** Storage was away or slow: its answer is worth waiting for, the message is in the log. */
const QUERY_RETRY_MS = 1_000
/** With more members than this a message is for the room, and only a mention is for a person. */
const LARGE_ROOM_MEMBERS = 100

export type FromLogOptions = {
  readonly queries: Queries
  readonly toPushes: (pushes: readonly CausedPush[]) => Promise<void>
  readonly toHooks: (hooks: readonly HookRecord[], cause?: Span) => Promise<void>
  readonly hooks: KnownHooks
  readonly providers: ReadonlySet<Device['provider']>
  readonly events: Events
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly delayMs: number
  readonly crash: (error: unknown) => void
}

/** The log as it stands, for the last look before a push. */
export const tailOf = (bus: Bus): TailDoor => ({
  head: async (room) => (await readHead(bus, 'room', room))?.logSeq ?? 0,
  entries: (room, range) => readTail(bus, { kind: 'room', id: room }, range),
})

/** Plans the pushes of every message, with all other notifiers. */
export async function fromLog(bus: Bus, options: FromLogOptions): Promise<AsyncDisposable> {
  const turns = new RoomTurns<readonly Caused[], Outcome>(ROOMS_AT_ONCE_MAX, (room, entries) =>
    planTogether(room, entries.flat(), options),
  )
  const handle = async (record: WorkRecord): Promise<Outcome> => {
    const { kind, id } = entityOf(record.subject)
    if (kind === 'user') return done
    const span = bus.tracing?.begin('notifier.plan', {
      cause: traceOf(record.headers),
      attributes: { entity: `${kind}:${id}` },
    })
    return throughSpan(
      span,
      () => planRecord(record, { kind, id }, span),
      ({ kind }) => ({ outcome: kind }),
    )
  }
  const planRecord = async (record: WorkRecord, of: EntityRef, cause: Span | undefined): Promise<Outcome> => {
    const finish = options.events.taking('log')
    let result = 'failed'
    try {
      const outcome = of.kind === 'desk' ? await planDesk(record, of.id, cause) : await planRoom(record, of.id, cause)
      result = outcome.kind
      return outcome.kind === 'retry'
        ? retry(backOffMs(outcome.afterMs, record.attempt - 1, options.random()))
        : outcome
    } finally {
      finish(result)
    }
  }
  const planRoom = async (record: WorkRecord, id: string, cause: Span | undefined): Promise<Outcome> => {
    const messages = freshOf(id, messagesOf(record, cause), options)
    return messages.length === 0 ? done : turns.add(id, messages)
  }
  const planDesk = async (record: WorkRecord, id: string, cause: Span | undefined): Promise<Outcome> => {
    const fresh = (decodeEntry(record.data) as DeskEvent[]).filter(({ at }) => options.now() - at <= MAX.pushAgeMs)
    if (fresh.every(({ type }) => type !== 'conversation.changed')) return done
    const targets = await options.hooks.of(id)
    if (isRefusal(targets)) return retry(targets.after_ms ?? QUERY_RETRY_MS)
    await tellHooks(
      fresh.flatMap((event) => hooksOfDesk(id, event, targets)),
      options,
      cause,
    )
    return done
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

/** A message, and the planning of its entry where that is traced. */
type Caused = Written & { readonly cause?: Span | undefined }

function messagesOf({ data, seq: logSeq }: WorkRecord, cause: Span | undefined): Caused[] {
  const messages = decodeEntry(data).filter((event) => event.type === 'message')
  return messages.map((event) => ({ event, logSeq, ...(cause && { cause }) }))
}

/** A notifier that starts on a long log must not ask storage about every message of a week. */
function freshOf(room: string, messages: readonly Caused[], options: FromLogOptions): Caused[] {
  return messages.filter(({ event: { seq, at } }) => {
    const fresh = options.now() - at <= MAX.pushAgeMs
    if (!fresh) options.events.skipped({ reason: 'too-old' }, { room, seq })
    return fresh
  })
}

const causedBy = (cause: Span | undefined, pushes: readonly PushRecord[]): CausedPush[] =>
  pushes.map((record) => ({ record, ...(cause && { cause }) }))

/** What is asked for all of them is shown at the first that is traced. */
function planTogether(room: string, messages: readonly Caused[], options: FromLogOptions): Promise<Outcome> {
  return inSpan(messages.find(({ cause }) => cause)?.cause, () => planMessages(room, messages, options))
}

type HookParts = Pick<FromLogOptions, 'toHooks' | 'events' | 'hooks' | 'delayMs'>

async function tellHooks(hooks: readonly HookRecord[], { toHooks, events }: HookParts, cause?: Span): Promise<void> {
  if (hooks.length === 0) return
  await toHooks(hooks, cause)
  events.hooked(hooks.length)
}

/** Webhooks of what is said in a conversation; what came of it only if it must be tried again. */
async function tellOfMessages(
  said: { readonly room: string; readonly page: RecipientsPage; readonly written: readonly Caused[] },
  options: HookParts,
): Promise<Outcome | undefined> {
  const { room, page, written } = said
  const { kind, standing, from_name: fromName } = page
  if (kind !== 'conversation' || !standing) return undefined
  const targets = await options.hooks.of(standing.desk)
  if (isRefusal(targets)) return retry(targets.after_ms ?? QUERY_RETRY_MS)
  for (const message of written) {
    const about = { ...message, room, standing, fromName, delayMs: options.delayMs }
    await tellHooks(hooksOfMessage(about, targets), options, message.cause)
  }
  return undefined
}

/** Storage is asked once for each author of the messages, not once for each message. */
async function planMessages(room: string, messages: readonly Caused[], options: FromLogOptions): Promise<Outcome> {
  for (const [from, written] of Map.groupBy(messages, ({ event }) => event.from)) {
    const members = new Set<string>()
    let large: boolean | undefined
    for await (const page of options.queries.recipients(room, from)) {
      if (isRefusal(page)) return retry(page.after_ms ?? QUERY_RETRY_MS)
      const failed = await tellOfMessages({ room, page, written }, options)
      if (failed) return failed
      large ??= page.more || page.recipients.length > LARGE_ROOM_MEMBERS
      if (large && written.every(({ event }) => (event.mentions ?? []).length === 0)) {
        // Nobody of the room is told: its other members need not be read.
        for (const { event } of written) options.events.skipped({ reason: 'mention-only' }, { room, seq: event.seq })
        break
      }
      for (const { user } of page.recipients) members.add(user)
      const plans = written.map((message) =>
        plan({
          ...message,
          room,
          title: page.title,
          kind: page.kind,
          fromName: page.from_name,
          recipients: page.recipients,
          large: large === true,
          providers: options.providers,
          delayMs: options.delayMs,
        }),
      )
      await options.toPushes(plans.flatMap(({ pushes }, i) => causedBy(written[i]?.cause, pushes)))
      for (const record of plans.flatMap(({ pushes }) => pushes)) options.events.planned(record)
      plans.forEach(({ skips }, index) => {
        const seq = written[index]?.event.seq ?? 0
        for (const skip of skips) options.events.skipped(skip, { room, seq })
      })
    }
    for (const { event } of written) {
      for (const skip of strangers(event, members)) options.events.skipped(skip, { room, seq: event.seq })
    }
  }
  return done
}
