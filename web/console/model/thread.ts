import type { OutgoingMessage, TimelineItem } from '@switchboard/client'
import type { Standing } from '@switchboard/contracts/desk-events'
import { dayOf } from '../../src/model/time-text.ts'

/** What the thread shows, top to bottom: the conversation and the agents' notes as one. */
export type ThreadRow =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'notice'; readonly key: string; readonly at: number; readonly text: string }
  | {
      readonly kind: 'said'
      readonly key: string
      readonly at: number
      readonly from: string
      readonly text: string
      readonly by: 'visitor' | 'agent' | 'note'
      readonly state: 'sent' | 'pending' | 'failed'
      readonly why: string
      /** Refused because a colleague has answered since: the agent decides. */
      readonly overtaken: boolean
      readonly cid: string
      readonly first: boolean
    }

export interface ThreadOptions {
  readonly me: string
  readonly visitor: string
  readonly outgoing: readonly OutgoingMessage[]
  readonly nameOf: (user: string) => string
}

const GROUP_MS = 4 * 60_000
/** In the page at most; what is older is loaded by hand. */
export const THREAD_MAX = 600

export function threadOf(
  items: readonly TimelineItem[],
  notes: readonly TimelineItem[],
  options: ThreadOptions,
): ThreadRow[] {
  const rows = merged(
    items.flatMap((item) => rowOf(item, options, false)),
    notes.flatMap((item) => rowOf(item, options, true)),
  ).slice(-THREAD_MAX)
  for (const { cid, text, at, state, failure, room } of options.outgoing) {
    const by = room.startsWith('n-') ? 'note' : 'agent'
    const why = failure?.message ?? ''
    const key = `${options.me}/${cid}`
    const overtaken = failure?.field === 'seen'
    rows.push({ kind: 'said', key, at, from: options.me, text, by, state, why, overtaken, cid, first: true })
  }
  return withDays(rows)
}

function rowOf(item: TimelineItem, { visitor, nameOf }: ThreadOptions, isNote: boolean): ThreadRow[] {
  const { at, from } = item
  if (item.kind === 'message') {
    const by = isNote ? 'note' : from === visitor ? 'visitor' : 'agent'
    const text = item.deleted ? 'Message deleted' : item.text
    const key = `${from}/${item.cid}`
    return [
      { kind: 'said', key, at, from, text, by, state: 'sent', why: '', overtaken: false, cid: item.cid, first: true },
    ]
  }
  // The notes' room hears of the same changes; they are told once.
  const text = isNote ? '' : noticeOf(item.event, nameOf)
  return text === '' ? [] : [{ kind: 'notice', key: `e${item.seq}`, at, text }]
}

/** An agent as agents read of them. */
export const named = (name: string, isBot: boolean | undefined): string => (isBot ? `${name} (bot)` : name)

/** What the desk did, as agents are told. */
export function noticeOf(event: { readonly type: string }, nameOf: (user: string) => string): string {
  const { agent, until, bot, offline } = event as Partial<Pick<Standing, 'agent' | 'until' | 'bot' | 'offline'>>
  const who = agent ? named(nameOf(agent), bot) : ''
  switch (event.type) {
    case 'conversation.queued':
      return offline ? 'Left when nobody was here: waiting for an answer' : 'Waiting for an agent'
    case 'conversation.assigned':
      return `${who} took it`
    case 'conversation.transferred':
      return who === '' ? 'Handed on: waiting' : `${who} hands it on`
    case 'conversation.held':
      return until === undefined ? 'Put on hold' : 'Snoozed'
    case 'conversation.resumed':
      return 'Taken up again'
    case 'conversation.closed':
      return 'Closed'
    case 'conversation.reopened':
      return 'Reopened'
    default:
      return ''
  }
}

/** Two rooms have two orders; between them, the moment decides. */
function merged(a: readonly ThreadRow[], b: readonly ThreadRow[]): ThreadRow[] {
  const rows: ThreadRow[] = []
  let [i, j] = [0, 0]
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]]
    if (one && (!other || one.at <= other.at)) {
      rows.push(one)
      i += 1
    } else if (other) {
      rows.push(other)
      j += 1
    }
  }
  return rows
}

function withDays(rows: readonly ThreadRow[]): ThreadRow[] {
  const all: ThreadRow[] = []
  let day = 0
  for (const row of rows) {
    const own = dayOf(row.at)
    if (own > day) {
      day = own
      all.push({ kind: 'day', key: `day-${day}`, at: row.at })
    }
    const before = all.at(-1)
    const isSame = row.kind === 'said' && before?.kind === 'said' && before.from === row.from && before.by === row.by
    all.push(isSame && row.at - before.at < GROUP_MS ? { ...row, first: false } : row)
  }
  return all
}
