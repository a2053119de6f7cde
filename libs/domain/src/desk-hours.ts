import type { DeskSettings, OpenHours } from '@switchboard/contracts/desks'

const DAY = 1_440
const WEEK = 7 * DAY
const MINUTE_MS = 60_000
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

type Hours = Pick<DeskSettings, 'hours' | 'time_zone'>

/** Minutes since Monday, midnight, as a clock in this zone shows it. */
function minuteOfWeek(timeZone: string, nowMs: number): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(nowMs)
  const of = (type: string) => parts.find((part) => part.type === type)?.value ?? ''
  return DAYS.indexOf(of('weekday')) * DAY + Number(of('hour')) * 60 + Number(of('minute'))
}

const minuteOfDay = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3))

interface Span {
  readonly start: number
  readonly length: number
}

function spansOf(rows: readonly OpenHours[]): Span[] {
  return rows.flatMap(({ days, from, to }) =>
    days.map((day) => {
      const [begin, end] = [minuteOfDay(from), minuteOfDay(to)]
      // What does not end after it begins, ends on the next day.
      return { start: (day - 1) * DAY + begin, length: end > begin ? end - begin : end + DAY - begin }
    }),
  )
}

/** Whether the desk is open at this moment, by the clocks of its own zone. */
export function isOpenAt({ hours, time_zone }: Hours, nowMs: number): boolean {
  if (hours === null) return true
  const minute = minuteOfWeek(time_zone, nowMs)
  return spansOf(hours).some(({ start, length }) => (minute - start + WEEK) % WEEK < length)
}

/** When it opens next: milliseconds since the epoch; null if it is open, or never opens. */
export function opensAt(settings: Hours, nowMs: number): number | null {
  const { hours, time_zone } = settings
  if (hours === null || hours.length === 0 || isOpenAt(settings, nowMs)) return null
  const minute = minuteOfWeek(time_zone, nowMs)
  const away = Math.min(...spansOf(hours).map(({ start }) => (start - minute + WEEK) % WEEK || WEEK))
  const wanted = (minute + away) % WEEK
  const guess = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS + away * MINUTE_MS
  // Between now and then the clocks may be set: what they show then says by how much.
  const off = ((wanted - minuteOfWeek(time_zone, guess) + WEEK + WEEK / 2) % WEEK) - WEEK / 2
  return guess + off * MINUTE_MS
}
