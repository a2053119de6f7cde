export interface BackOff {
  readonly firstMs: number
  readonly longestMs: number
}

/** Full jitter: anything from zero to a ceiling that doubles with each attempt, so that many clients never return at once. */
export function backOffMs(attempt: number, { firstMs, longestMs }: BackOff, random: number): number {
  return Math.floor(random * Math.min(longestMs, firstMs * 2 ** Math.min(attempt, 30)))
}
