import type { OutgoingMessage, TimelineItem } from '@switchboard/client'

/** What the visitor sees, top to bottom. */
export type Row =
  | { readonly kind: 'notice'; readonly key: string; readonly text: string }
  | {
      readonly kind: 'message'
      readonly key: string
      readonly own: boolean
      readonly from: string
      readonly name: string
      readonly text: string
      readonly at: number
      readonly state: 'sent' | 'pending' | 'failed'
      /** Where it stands in its writer's group. */
      readonly first: boolean
      readonly last: boolean
    }

export interface RowOptions {
  readonly me: string
  readonly outgoing: readonly Pick<OutgoingMessage, 'cid' | 'text' | 'at' | 'state'>[]
  readonly nameOf: (user: string) => string
  /** What is said of an event that is no message; empty for nothing. */
  readonly notice: (item: Extract<TimelineItem, { kind: 'notice' }>) => string
}

/** In the page at most: what is older is in the transcript. */
export const ROWS_MAX = 400
const GROUP_MS = 4 * 60_000

export function rowsOf(items: readonly TimelineItem[], { me, outgoing, nameOf, notice }: RowOptions): Row[] {
  const rows: Row[] = []
  for (const item of items.slice(-ROWS_MAX)) {
    if (item.kind === 'notice') {
      const text = notice(item)
      if (text !== '') rows.push({ kind: 'notice', key: `e${item.seq}`, text })
      continue
    }
    const { from, cid, at } = item
    const text = item.deleted ? 'Message deleted' : item.text
    const key = `${from}/${cid}`
    const who = { own: from === me, from, name: nameOf(from) }
    rows.push({ kind: 'message', key, ...who, text, at, state: 'sent', first: true, last: true })
  }
  for (const { cid, text, at, state } of outgoing) {
    const sent = state === 'failed' ? 'failed' : 'pending'
    const key = `${me}/${cid}`
    const who = { own: true, from: me, name: '' }
    rows.push({ kind: 'message', key, ...who, text, at, state: sent, first: true, last: true })
  }
  return rows.map((row, index) =>
    row.kind === 'message'
      ? { ...row, first: !isTogether(rows[index - 1], row), last: !isTogether(row, rows[index + 1]) }
      : row,
  )
}

function isTogether(before: Row | undefined, after: Row | undefined): boolean {
  if (before?.kind !== 'message' || after?.kind !== 'message') return false
  return before.from === after.from && after.at - before.at < GROUP_MS
}
