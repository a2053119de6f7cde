const DAY_MS = 86_400_000

const timeFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const weekdayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'long' })
const dayFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long' })
const dateFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'long', year: 'numeric' })
const shortFormat = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })
const wholeFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })

/** The start of the local day, so that two moments can be told to be of one day. Milliseconds since the epoch. */
export function dayOf(at: number): number {
  const date = new Date(at)
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}

const daysBetween = (at: number, now: number): number => Math.round((dayOf(now) - dayOf(at)) / DAY_MS)

/** `14:05` */
export const timeText = (at: number): string => timeFormat.format(at)

/** For a tooltip: everything there is to say about a moment. */
export const wholeText = (at: number): string => wholeFormat.format(at)

/** Heading of a day: Today, Yesterday, a weekday within a week, then the date. */
export function dayText(at: number, now: number): string {
  const days = daysBetween(at, now)
  if (days === 0) return 'Today'
  if (days === 1) return 'Yesterday'
  if (days > 1 && days < 7) return weekdayFormat.format(at)
  return new Date(at).getFullYear() === new Date(now).getFullYear() ? dayFormat.format(at) : dateFormat.format(at)
}

/** Beside a room in the list: the time today, else the day. */
export function momentText(at: number, now: number): string {
  const days = daysBetween(at, now)
  if (days <= 0) return timeText(at)
  return days === 1 ? 'Yesterday' : shortFormat.format(at)
}
