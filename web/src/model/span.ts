/** The stretch of a timeline that is in the page, by seq, so that it holds while older events come in front. `to` null: follows the end. */
export interface Span {
  readonly from: number
  readonly to: number | null
}

interface Placed {
  readonly seq: number
}

/** In the page when a room is opened, and added at either end by scrolling. */
export const STEP = 60
/** In the page at most: more only makes the browser slow, and the rest is a scroll away. */
export const SPAN_MAX = 240

export const wholeEnd = (items: readonly Placed[]): Span => ({
  from: (items.at(-STEP) ?? items[0])?.seq ?? 0,
  to: null,
})

/** The events from `seq` on with some before it, for a room with unread messages. */
export function around(items: readonly Placed[], seq: number): Span {
  const index = items.findIndex((item) => item.seq > seq)
  if (index === -1) return wholeEnd(items)
  const begin = Math.max(0, Math.min(index - STEP / 2, items.length - STEP))
  return bounded(items, [begin, items.length], 'down')
}

export function sliceOf<Item extends Placed>(items: readonly Item[], span: Span): readonly Item[] {
  const [begin, end] = boundsOf(items, span)
  return items.slice(begin, end)
}

/** @returns null when nothing older is loaded. */
export function grownUp(items: readonly Placed[], span: Span): Span | null {
  const [begin, end] = boundsOf(items, span)
  return begin === 0 ? null : bounded(items, [Math.max(0, begin - STEP), end], 'down')
}

/** @returns null when the end is in the page. */
export function grownDown(items: readonly Placed[], span: Span): Span | null {
  const [begin, end] = boundsOf(items, span)
  return span.to === null ? null : bounded(items, [begin, Math.min(items.length, end + STEP)], 'up')
}

/** What new events do: at the end the span moves along; above it they stay out of the page once it is full. */
export function afterNews(items: readonly Placed[], span: Span, atEnd: boolean): Span {
  const [begin, end] = boundsOf(items, span)
  if (span.to !== null || end - begin <= SPAN_MAX) return span
  return bounded(items, [begin, end], atEnd ? 'up' : 'down')
}

/** `drop` names the end at which a span that is too long gives way. */
function bounded(items: readonly Placed[], [begin, end]: readonly [number, number], drop: 'up' | 'down'): Span {
  const first = drop === 'up' ? Math.max(begin, end - SPAN_MAX) : begin
  const past = drop === 'down' ? Math.min(end, begin + SPAN_MAX) : end
  return { from: items[first]?.seq ?? 0, to: past >= items.length ? null : (items[past - 1]?.seq ?? null) }
}

function boundsOf(items: readonly Placed[], { from, to }: Span): [number, number] {
  const begin = items.findIndex((item) => item.seq >= from)
  const past = to === null ? -1 : items.findIndex((item) => item.seq > to)
  return [begin === -1 ? items.length : begin, past === -1 ? items.length : past]
}
