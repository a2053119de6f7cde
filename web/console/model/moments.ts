const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** How long ago, as short as it fits beside a name: `now`, `7m`, `3h`, `2d`. */
export function agoText(at: number, now: number): string {
  const ms = Math.max(0, now - at)
  if (ms < MINUTE_MS) return 'now'
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)}m`
  return ms < 24 * HOUR_MS ? `${Math.floor(ms / HOUR_MS)}h` : `${Math.floor(ms / (24 * HOUR_MS))}d`
}

/** The same in a sentence: `just now`, `7m ago`. */
export function sinceText(at: number, now: number): string {
  const text = agoText(at, now)
  return text === 'now' ? 'just now' : `${text} ago`
}

/** Whole seconds until a moment; 0 when it is past. */
export const secondsLeft = (at: number, now: number): number => Math.max(0, Math.ceil((at - now) / 1_000))

export interface Until {
  readonly says: string
  readonly at: number
}

const MORNING = 9

/** When something that is snoozed comes back. */
export function snoozes(now: number): Until[] {
  const day = new Date(now)
  const morning = (days: number) => new Date(day.getFullYear(), day.getMonth(), day.getDate() + days, MORNING).getTime()
  const monday = (8 - day.getDay()) % 7 || 7
  return [
    { says: 'In an hour', at: now + HOUR_MS },
    { says: 'In four hours', at: now + 4 * HOUR_MS },
    { says: 'Tomorrow at nine', at: morning(1) },
    { says: 'Monday at nine', at: morning(monday) },
  ]
}
