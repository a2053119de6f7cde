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
import type { RecipientsAsk, RecipientsPage } from '@switchboard/contracts/push-queries'
import type { Device, EntityRef, HookRecord, PushRecord } from '@switchboard/contracts/records'
import { entityOf, STREAM_NUMBERS } from '@switchboard/contracts/subjects'
import { chunks } from '@switchboard/runtime/chunks'
import { pausing } from '@switchboard/runtime/deadline'
import { inSpan, type Span, throughSpan } from '@switchboard/runtime/tracing'
import { backOffMs } from './back-off.ts'
import type { Events } from './events.ts'
import type { KnownHooks } from './known-hooks.ts'
import { hooksOfDesk, hooksOfMessage } from './plan-hooks.ts'
import { plan, strangers, type Written } from './planner.ts'
import type { TailDoor } from './room-tail.ts'
import { RoomTurns } from './room-turns.ts'
import type { CausedPush } from './to-pushes.ts'
import type { Queries } from './to-queries.ts'

/** Of one stream. A message of a busy room is in hand for one or two seconds: with 512, a third of 3,000 messages/s was left behind. */
const ENTRIES_AT_ONCE_MAX = 4_096
/**
 * How old messages of a busy room are when storage is asked about them. @NOTE A push waits for three seconds anyway. Of what it has
 * not stored yet storage must read the log, and stores the later for it: asked at once, at 3,000 messages/s, storage and NATS did half
 * as much again, and the notifier fell behind by as much as came in.
 */
const REST_MS = 500
/** Storage was away or slow: its answer is worth waiting for, the message is in the log. */
const QUERY_RETRY_MS = 1_000
/** Messages of one room in one question who may be told: with fifty mentions each, still a question that fits into a NATS message. */
const MESSAGES_AT_ONCE_MAX = 90

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
  const abort = new AbortController()
  const turns = new RoomTurns<readonly Caused[], Outcome>({
    take: (room, entries) => planTogether(room, entries.flat(), options),
    restMs: REST_MS,
    pause: pausing(abort.signal),
  })
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
      parallel: ENTRIES_AT_ONCE_MAX,
      handle,
      crash: options.crash,
    })
    consumers.use(consumer)
  }
  // What is in hand need not wait for company any more.
  consumers.defer(() => abort.abort())
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

/**
 * What follows for all of them is shown at the first that is traced. @NOTE The parts of a busy room are asked about together: one
 * after the other, each would wait for its own question, and a hot room would be planned slower than it writes.
 */
function planTogether(room: string, messages: readonly Caused[], options: FromLogOptions): Promise<Outcome> {
  return inSpan(messages.find(({ cause }) => cause)?.cause, async () => {
    const parts = chunks(messages, MESSAGES_AT_ONCE_MAX)
    const outcomes = await Promise.all(parts.map((written) => planMessages(room, written, options)))
    return outcomes.find(({ kind }) => kind !== 'done') ?? done
  })
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
  const { kind, standing } = page
  if (kind !== 'conversation' || !standing) return undefined
  const targets = await options.hooks.of(standing.desk)
  if (isRefusal(targets)) return retry(targets.after_ms ?? QUERY_RETRY_MS)
  for (const message of written) {
    const fromName = nameIn(page, message)
    const about = { ...message, room, standing, fromName, delayMs: options.delayMs }
    await tellHooks(hooksOfMessage(about, targets), options, message.cause)
  }
  return undefined
}

const nameIn = ({ names }: RecipientsPage, { event: { from } }: Written): string => names[from] ?? from

/** Storage is asked once for all of them. */
async function planMessages(room: string, written: readonly Caused[], options: FromLogOptions): Promise<Outcome> {
  const members = new Set<string>()
  for await (const page of options.queries.recipients(
    asksOf(room, written),
    written.find(({ cause }) => cause)?.cause,
  )) {
    if (isRefusal(page)) return retry(page.after_ms ?? QUERY_RETRY_MS)
    const failed = await tellOfMessages({ room, page, written }, options)
    if (failed) return failed
    if (page.large && written.every(({ event }) => (event.mentions ?? []).length === 0)) {
      for (const { event } of written) options.events.skipped({ reason: 'mention-only' }, { room, seq: event.seq })
      return done
    }
    for (const { user } of page.recipients) members.add(user)
    await planPage({ room, page, written }, options)
  }
  for (const { event } of written) {
    for (const skip of strangers(event, members)) options.events.skipped(skip, { room, seq: event.seq })
  }
  return done
}

const asksOf = (room: string, written: readonly Caused[]): RecipientsAsk => ({
  room,
  seq: Math.max(...written.map(({ event }) => event.seq)),
  authors: [...new Set(written.map(({ event }) => event.from))],
  mentions: [...new Set(written.flatMap(({ event }) => event.mentions ?? []))],
})

async function planPage(
  {
    room,
    page,
    written,
  }: { readonly room: string; readonly page: RecipientsPage; readonly written: readonly Caused[] },
  { toPushes, events, providers, delayMs }: FromLogOptions,
): Promise<void> {
  const { title, kind, large } = page
  const plans = written.map((message) => {
    const recipients = page.recipients.filter(({ user }) => user !== message.event.from)
    const fromName = nameIn(page, message)
    return plan({ ...message, room, title, kind, fromName, recipients, large, providers, delayMs })
  })
  await toPushes(plans.flatMap(({ pushes }, i) => causedBy(written[i]?.cause, pushes)))
  for (const record of plans.flatMap(({ pushes }) => pushes)) events.planned(record)
  plans.forEach(({ skips }, index) => {
    const seq = written[index]?.event.seq ?? 0
    for (const skip of skips) events.skipped(skip, { room, seq })
  })
}
