import type { ReportBy, ReportRow } from '@switchboard/contracts/desk-reports'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const NOTHING = '–'

export const PERIODS = { today: 'Today', week: 'The last 7 days', month: 'The last 30 days' } as const
export type Period = keyof typeof PERIODS

/** Whole days of where one is, up to now. */
export function spanOf(period: Period, now: number): { readonly from: number; readonly to: number } {
  const day = new Date(now)
  const back = period === 'today' ? 0 : period === 'week' ? 6 : 29
  return { from: new Date(day.getFullYear(), day.getMonth(), day.getDate() - back).getTime(), to: now }
}

/** `8 s`, `3 min`, `1 h 5 min`, `2 d`; nothing where there was none. */
export function durationText(ms: number | null): string {
  if (ms === null) return NOTHING
  if (ms < MINUTE_MS) return `${Math.round(ms / 1_000)} s`
  if (ms < HOUR_MS) return `${Math.round(ms / MINUTE_MS)} min`
  if (ms >= DAY_MS) return `${Math.round(ms / DAY_MS)} d`
  const minutes = Math.round((ms % HOUR_MS) / MINUTE_MS)
  return `${Math.floor(ms / HOUR_MS)} h${minutes === 0 ? '' : ` ${minutes} min`}`
}

/** The middle one, and what nine of ten stay below. */
export const rangeText = (middle: number | null, most: number | null): string =>
  middle === null ? NOTHING : `${durationText(middle)} · ${durationText(most)}`

export const ratingText = ({ rating, ratings }: Pick<ReportRow, 'rating' | 'ratings'>): string =>
  rating === null ? NOTHING : `${rating.toFixed(1)} of 5 (${ratings})`

const hourFormat = new Intl.DateTimeFormat(undefined, {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})

/** What a row is about. `nameOf` knows agents and desks. */
export function rowName(by: ReportBy, key: string, nameOf: (key: string) => string): string {
  if (by === 'hour') return hourFormat.format(Date.parse(key))
  return key === '' ? 'Nobody' : nameOf(key)
}

/** Hours as they went by, everything else by how much it was. */
export function sortedRows(rows: readonly ReportRow[], by: ReportBy): ReportRow[] {
  const byKey = (a: ReportRow, b: ReportRow) => (a.key < b.key ? -1 : 1)
  return rows.toSorted(by === 'hour' ? byKey : (a, b) => b.conversations - a.conversations || byKey(a, b))
}
