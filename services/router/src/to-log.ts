/**
 * channel    log (JetStream)
 * comes      the events of one group commit, from a lane
 * goes       the log subject of the entity, as one entry of client-ready lines
 * guarantee  exactly once: the expected sequence fences, the message id finds what an unanswered publish left
 * order      per entity: a lane has one publish at a time
 * acked      by the stream; the lane answers nobody before
 */

import type { Bus } from '@switchboard/bus/connect'
import { toHeaders } from '@switchboard/bus/core'
import { isInfrastructure } from '@switchboard/bus/infrastructure'
import { publishExpecting, readHead } from '@switchboard/bus/log'
import { type EntryInput, encodeEntry, formatInput, formatRange, HEADER } from '@switchboard/contracts/entry'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { EntityKind } from '@switchboard/contracts/ids'
import { MAX } from '@switchboard/contracts/limits'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
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
}

/** `stored` with the new last sequence; `fenced`, another router wrote; `unknown`, no word within the deadline. */
export type Committed =
  | { readonly kind: 'stored'; readonly logSeq: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'unknown' }

export type WriteEntry = (entry: Entry, signal: AbortSignal) => Promise<Committed>

export function toLog(bus: Bus, options: { readonly owner: string; readonly events: RouterEvents }): WriteEntry {
  const { owner, events } = options
  let written = 0
  return async (entry, signal) => {
    written += 1
    // Unique to this attempt of this process: the server must never take another router's entry for this one.
    const messageId = `${owner}-${written}`
    const message = {
      subject: bus.names.log(entry.kind, entry.id),
      ...encode(entry, owner),
      messageId,
      expect: entry.expect,
    }
    const deadlineMs = performance.now() + MAX.publishSeconds * 1_000
    for (let attempt = 0; ; attempt += 1) {
      const published = await publishExpecting(bus, message)
      if (published.kind === 'stored') return { kind: 'stored', logSeq: published.seq }
      const found = await look(bus, entry, messageId)
      if (found === 'conflict' || (published.kind === 'conflict' && found === 'absent')) return { kind: 'fenced' }
      if (typeof found === 'number') return { kind: 'stored', logSeq: found }
      if (signal.aborted || performance.now() > deadlineMs) return { kind: 'unknown' }
      events.uncertain(
        `${entry.kind}:${entry.id}`,
        published.kind === 'unknown' ? published.reason : 'conflict while the log cannot be read',
      )
      await pause(backoffMs(attempt, Math.random, { base: 50, max: 1_000 }), signal)
    }
  }
}

function encode(entry: Entry, owner: string) {
  const first = entry.events[0].seq
  const last = entry.events.at(-1)?.seq ?? first
  const gone = entry.events.flatMap((event) => (event.type === 'member.removed' ? [event.user] : []))
  const headers = toHeaders({
    [HEADER.entry]: formatRange({ first, last, n: entry.n, epoch: entry.epoch }),
    [HEADER.input]: formatInput(entry.input),
    [HEADER.owner]: owner,
    ...(gone.length > 0 ? { [HEADER.gone]: gone.join(',') } : {}),
  })
  return { payload: encodeEntry(`${entry.kind}:${entry.id}`, entry.events), headers }
}

/** What lies at the head: our own entry (its sequence), nothing new, somebody else's, or not to be seen now. */
async function look(bus: Bus, entry: Entry, messageId: string): Promise<number | 'absent' | 'conflict' | 'unreadable'> {
  try {
    const head = await readHead(bus, entry.kind, entry.id)
    if (head?.messageId === messageId) return head.logSeq
    return (head?.logSeq ?? 0) === entry.expect ? 'absent' : 'conflict'
  } catch (error) {
    if (!isInfrastructure(error)) throw error
    return 'unreadable'
  }
}
