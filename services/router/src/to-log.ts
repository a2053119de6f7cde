/**
 * channel    log (JetStream)
 * comes      the events of one group commit, from a lane
 * goes       the log subject of the entity, as one entry of client-ready lines
 * guarantee  exactly once: the expected sequence fences, the message id finds what an unanswered publish left
 * order      per entity: a lane has one publish at a time
 * acked      by the stream; the lane answers nobody before
 */

import type { Bus } from '@switchboard/bus/connect'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { type Published, publishExpecting, readHead } from '@switchboard/bus/log'
import type { LogEntry } from '@switchboard/bus/log-entry'
import { type EntryInput, encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import { TRACE_HEADER } from '@switchboard/contracts/traces'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import { type Span, throughSpan } from '@switchboard/runtime/tracing'
import type { RouterEvents } from './events.ts'

export interface Entry {
  readonly kind: EntityKind
  readonly id: string
  readonly events: readonly [AnyEvent, ...AnyEvent[]]
  readonly n: number
  readonly epoch: string
  readonly input: EntryInput
  /** Last stream sequence of the subject, 0 for none. */
  readonly expect: number
  /** Of the commands whose events these are, as far as they are traced. */
  readonly causes?: readonly (Span | undefined)[]
}

/** `stored` with the new last sequence; `fenced`, another router wrote; `unknown`, the partition was given up before there was a word. */
export type Committed =
  | { readonly kind: 'stored'; readonly logSeq: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unknown' }

export type WriteEntry = (entry: Entry, signal: AbortSignal) => Promise<Committed>

/** Whether the last entry of an entity still is the one with this sequence (0: none); `unknown` while the log cannot be read. */
export type IsNewest = (entity: { kind: EntityKind; id: string }, logSeq: number) => Promise<boolean | 'unknown'>

/** The log and the time as an entry meets them; a test may put its own in their place. */
export interface LogDoor {
  readonly publish: (message: Parameters<typeof publishExpecting>[1]) => Promise<Published>
  readonly head: (kind: EntityKind, id: string) => Promise<Pick<LogEntry, 'logSeq' | 'messageId'> | null>
  readonly beforeRetry: (failures: number, signal: AbortSignal) => Promise<void>
}

/** The real ones. */
export const logDoor = (bus: Bus): LogDoor => ({
  publish: (message) => publishExpecting(bus, message),
  head: (kind, id) => readHead(bus, kind, id),
  beforeRetry: (failures, signal) => pause(backoffMs(failures, Math.random, { base: 50, max: 1_000 }), signal),
})

export function toLog(
  bus: Pick<Bus, 'names'> & Partial<Pick<Bus, 'tracing'>>,
  options: { readonly owner: string; readonly events: RouterEvents; readonly door: LogDoor },
): WriteEntry {
  const { owner, events, door } = options
  let written = 0
  const write = async (entry: Entry, signal: AbortSignal, span: Span | undefined): Promise<Committed> => {
    written += 1
    // Unique to this attempt of this process: the server must never take another router's entry for this one.
    const messageId = `${owner}-${written}`
    const message = {
      subject: bus.names.log(entry.kind, entry.id),
      ...encode(entry, owner, span),
      messageId,
      expect: entry.expect,
    }
    // The same publish until its fate is known, however long NATS is away: one that is given up may arrive all the same, and then
    // nobody would tell of what it brings about. Clients are not held up, as edges answer them.
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const published = await door.publish(message)
      if (published.kind === 'stored') return { kind: 'stored', logSeq: published.seq }
      const found = await look(door, entry, messageId)
      if (found === 'conflict' || (published.kind === 'conflict' && found === 'absent')) return { kind: 'fenced' }
      if (typeof found === 'number') return { kind: 'stored', logSeq: found }
      events.uncertain(
        `${entry.kind}:${entry.id}`,
        published.kind === 'unknown' ? published.reason : 'conflict while the log cannot be read',
      )
      await door.beforeRetry(attempt, signal)
    }
    return { kind: 'unknown' }
  }
  return (entry, signal) => {
    const span = bus.tracing?.gather('router.commit', entry.causes ?? [], {
      entity: `${entry.kind}:${entry.id}`,
      events: entry.events.length,
      first: entry.events[0].seq,
    })
    return throughSpan(
      span,
      () => write(entry, signal, span),
      ({ kind }) => ({ outcome: kind }),
    )
  }
}

export function isNewestIn(door: LogDoor): IsNewest {
  return async ({ kind, id }, logSeq) => {
    const head = await headOr(door, kind, id)
    return head === 'unreadable' ? 'unknown' : (head?.logSeq ?? 0) === logSeq
  }
}

function encode(entry: Entry, owner: string, span: Span | undefined) {
  const first = entry.events[0].seq
  const last = entry.events.at(-1)?.seq ?? first
  const isGone = (event: AnyEvent) => event.type === 'member.removed' || event.type === 'agent.removed'
  const gone = entry.events.filter(isGone).map((event) => ('user' in event ? event.user : ''))
  const headers = {
    [HEADER.entry]: formatRange({ first, last, n: entry.n, epoch: entry.epoch }),
    [HEADER.input]: formatInput(entry.input),
    [HEADER.owner]: owner,
    ...(gone.length > 0 ? { [HEADER.gone]: gone.join(',') } : {}),
    ...(span && { [TRACE_HEADER]: span.trace }),
  }
  return { payload: encodeEntry(`${entry.kind}:${entry.id}`, entry.events), headers }
}

/** What lies at the head: our own entry (its sequence), nothing new, somebody else's, or not to be seen now. */
async function look(
  door: LogDoor,
  entry: Entry,
  messageId: string,
): Promise<number | 'absent' | 'conflict' | 'unreadable'> {
  const head = await headOr(door, entry.kind, entry.id)
  if (head === 'unreadable') return head
  if (head?.messageId === messageId) return head.logSeq
  return (head?.logSeq ?? 0) === entry.expect ? 'absent' : 'conflict'
}

async function headOr(door: LogDoor, kind: EntityKind, id: string) {
  try {
    return await door.head(kind, id)
  } catch (error) {
    if (!isInfrastructure(error)) throw error
    return 'unreadable' as const
  }
}
