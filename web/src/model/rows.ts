import type { MessageItem, NoticeItem, OutgoingMessage, TimelineItem } from '@switchboard/client'
import { dayOf } from './time-text.ts'

/** What the message list shows, top to bottom. `first` and `last` say where a row stands in its author's group. */
export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'notice'; readonly key: string; readonly item: NoticeItem }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly item: MessageItem
      readonly first: boolean
      readonly last: boolean
    }
  | {
      readonly kind: 'outgoing'
      readonly key: string
      readonly message: OutgoingMessage
      readonly first: boolean
      readonly last: boolean
    }

export interface RowOptions {
  readonly me: string
  /** The marker stands before the first message of others after this seq; null for none. */
  readonly newAfter: number | null
}

const GROUP_MS = 5 * 60_000
/** Events that say something to people; the others, and those of later versions, are not shown. */
const NOTICES = new Set(['room.created', 'room.updated', 'member.added', 'member.removed', 'member.changed'])

interface Speech {
  readonly from: string
  readonly at: number
}

/** @param outgoing what is not confirmed yet: always below everything else. */
export function rowsOf(
  items: readonly TimelineItem[],
  outgoing: readonly OutgoingMessage[],
  { me, newAfter }: RowOptions,
): Row[] {
  const rows: Row[] = []
  let day = 0
  let marked = newAfter === null
  const begin = (at: number) => {
    if (dayOf(at) === day) return
    day = dayOf(at)
    rows.push({ kind: 'day', key: `day-${day}`, at })
  }
  for (const item of items) {
    if (item.kind === 'notice' && !NOTICES.has(item.event.type)) continue
    begin(item.at)
    if (!marked && item.kind === 'message' && item.seq > (newAfter ?? 0) && item.from !== me) {
      marked = true
      rows.push({ kind: 'new', key: 'new' })
    }
    // A message keeps its key when it is confirmed, so that it does not blink.
    if (item.kind === 'notice') rows.push({ kind: 'notice', key: `e${item.seq}`, item })
    else rows.push({ kind: 'message', key: `${item.from}/${item.cid}`, item, first: true, last: true })
  }
  for (const message of outgoing) {
    begin(message.at)
    rows.push({ kind: 'outgoing', key: `${me}/${message.cid}`, message, first: true, last: true })
  }
  return grouped(rows, me)
}

function grouped(rows: readonly Row[], me: string): Row[] {
  const speeches = rows.map((row) => speechOf(row, me))
  return rows.map((row, index) => {
    const own = speeches[index]
    if (!own || (row.kind !== 'message' && row.kind !== 'outgoing')) return row
    return { ...row, first: !together(speeches[index - 1], own), last: !together(own, speeches[index + 1]) }
  })
}

function speechOf(row: Row, me: string): Speech | undefined {
  if (row.kind === 'message') return row.item
  return row.kind === 'outgoing' ? { from: me, at: row.message.at } : undefined
}

const together = (before: Speech | undefined, after: Speech | undefined): boolean =>
  before !== undefined && after !== undefined && before.from === after.from && after.at - before.at < GROUP_MS
