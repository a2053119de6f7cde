export interface Scrolled {
  readonly count: number
  readonly rowPx: number
  readonly topPx: number
  readonly heightPx: number
}

/** Rows beyond each edge that are in the page, so that scrolling shows no gap. */
const SPARE = 8

/** The rows that are worth being in the page, and how far from the top they begin. All rows have one height. */
export function visible({ count, rowPx, topPx, heightPx }: Scrolled): { from: number; to: number; offsetPx: number } {
  const first = Math.max(0, Math.floor(topPx / rowPx) - SPARE)
  const from = Math.min(first, Math.max(0, count - 1))
  const to = Math.min(count, Math.ceil((topPx + heightPx) / rowPx) + SPARE)
  return { from, to: Math.max(from, to), offsetPx: from * rowPx }
}

/** Where to scroll so that a row is seen; null where it is. */
export function scrollTo(index: number, { rowPx, topPx, heightPx }: Scrolled): number | null {
  const [begin, end] = [index * rowPx, (index + 1) * rowPx]
  if (begin < topPx) return begin
  return end > topPx + heightPx ? end - heightPx : null
}
