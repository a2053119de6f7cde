import { median } from '../measure/statistics.ts'
import { VoidRunError } from '../measure/void-run.ts'

/** What is known of a median after some pairs: it lies between these, as surely as it was asked for. */
export interface Bounds {
  readonly low: number
  readonly high: number
}

/** The chance that at most `most` of `count` fair coins show heads. */
function coins(most: number, count: number): number {
  let [term, sum] = [0.5 ** count, 0]
  for (let heads = 0; heads <= most; heads += 1) {
    sum += term
    term *= (count - heads) / (heads + 1)
  }
  return sum
}

/**
 * Where the median of all that could be measured lies, whatever their distribution: each value is as likely above it as below, so
 * the n-th smallest and the n-th largest of those that were measured hold it between them. Undefined while there are too few.
 */
export function medianBounds(values: readonly number[], confidence: number): Bounds | undefined {
  const sorted = [...values].sort((a, b) => a - b)
  let cut = 0
  while (2 * coins(cut, sorted.length) <= 1 - confidence) cut += 1
  const [low, high] = [sorted[cut - 1], sorted[sorted.length - cut]]
  return cut === 0 || low === undefined || high === undefined ? undefined : { low, high }
}

export type Verdict = 'holds' | 'worse' | 'open'

/** Worse when the bounds lie wholly beyond the border, open while they straddle it. */
export function verdictOf({ low, high }: Bounds, border: number): Verdict {
  if (low > border) return 'worse'
  return high <= border ? 'holds' : 'open'
}

export interface SeriesOptions {
  /** The ratio that is compared with, and how much of it is worse: 1.2 times. */
  readonly recorded: number
  readonly worse: number
  readonly confidence: number
  /** Measured in any case, unless too many runs are void. */
  readonly pairsMin: number
  readonly pairsMax: number
  /** Runs that may be void and are repeated. */
  readonly voidsMax: number
  /** True when no more time is left: after the least number of pairs nothing is added. */
  readonly isLate: () => boolean
}

/** How a series is measured: at a confidence of 95 % six pairs are the fewest that have bounds at all. */
export const SERIES = { confidence: 0.95, pairsMin: 6, pairsMax: 15, voidsMax: 3 } as const

export interface Series extends Bounds {
  /** Open: noise, which fails nobody. */
  readonly verdict: Verdict
  readonly border: number
  readonly median: number
  readonly ratios: readonly number[]
  readonly voids: number
}

/**
 * Measures pair after pair until it is clear on which side of the border the ratio lies, or the bound is reached.
 * @throws VoidRunError when more runs were void than may be.
 */
export async function judgeSeries(takePair: () => Promise<number>, options: SeriesOptions): Promise<Series> {
  const { confidence, pairsMin, pairsMax, voidsMax } = options
  const border = options.recorded * options.worse
  const ratios: number[] = []
  let voids = 0
  for (;;) {
    try {
      ratios.push(await takePair())
    } catch (error) {
      voids += 1
      if (!(error instanceof VoidRunError) || voids > voidsMax) throw error
      continue
    }
    const bounds = medianBounds(ratios, confidence)
    if (ratios.length < pairsMin || !bounds) continue
    const verdict = verdictOf(bounds, border)
    const isOver = ratios.length >= pairsMax || options.isLate()
    if (verdict !== 'open' || isOver) return { ...bounds, verdict, border, median: median(ratios), ratios, voids }
  }
}
