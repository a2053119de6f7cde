const BACK_OFF_MS_MAX = 15 * 60_000
/** A provider that asks for more than this is treated as asking for this: our own queue keeps no push longer. */
const RETRY_AFTER_MS_MAX = 60 * 60_000

/** Doubles from `baseMs` to 15 minutes; `random` in [0, 1) spreads the second half of each step. */
export function backOffMs(baseMs: number, attempt: number, random: number): number {
  const step = Math.min(BACK_OFF_MS_MAX, baseMs * 2 ** Math.min(attempt, 30))
  return Math.round(step / 2 + (step / 2) * random)
}

/** Reads a Retry-After header (seconds or an HTTP date) as milliseconds from now; undefined when absent or unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const text = header.trim()
  if (/^\d{1,9}$/.test(text)) return Math.min(RETRY_AFTER_MS_MAX, Number(text) * 1000)
  const date = Date.parse(text)
  if (Number.isNaN(date)) return undefined
  return Math.min(RETRY_AFTER_MS_MAX, Math.max(0, date - nowMs))
}
