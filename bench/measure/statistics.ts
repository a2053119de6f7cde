/** What many repeats of one figure say. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The middle value, or the mean of the two in the middle. @throws when there is none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('no values to take the median of')
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper
}

/** @throws when there is none, or one that is no number: a figure that was not measured must not look like one. */
export function spreadOf(values: readonly number[]): Spread {
  const broken = values.find((value) => !Number.isFinite(value))
  if (broken !== undefined) throw new Error(`${broken} is no measured value`)
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/**
 * Each value over the one that was measured next to it, so that what the machine does meanwhile meets both halves of a pair.
 * @throws when they are no pairs.
 */
export function ratios(values: readonly number[], limits: readonly number[]): number[] {
  if (values.length !== limits.length) {
    throw new Error(`${values.length} values and ${limits.length} limits are no pairs`)
  }
  return values.map((value, i) => value / (limits[i] ?? Number.NaN))
}
