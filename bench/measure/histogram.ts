/** Each bucket ends 2 % above the one before: fine enough for a percentile, and a minute fits into 800 of them. */
const GROWTH = Math.log(1.02)
const BUCKETS = 1_000

/** Counts by bucket: what load processes send, so that percentiles are of all of them together. */
export type Counts = readonly number[]

/** Durations in microseconds, at a fixed cost in memory however many there are. */
export class Histogram {
  #counts = new Array<number>(BUCKETS).fill(0)

  add(us: number): void {
    const bucket = Math.min(BUCKETS - 1, Math.max(0, Math.ceil(Math.log(Math.max(1, us)) / GROWTH)))
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
  }

  get counts(): Counts {
    return this.#counts
  }

  clear(): void {
    this.#counts.fill(0)
  }
}

/** The sum of what several processes counted. */
export const mergeCounts = (all: readonly Counts[]): Counts =>
  Array.from({ length: BUCKETS }, (_, bucket) => all.reduce((sum, counts) => sum + (counts[bucket] ?? 0), 0))

/** Milliseconds below which this share (0 … 1) lies, at most 2 % too high. @throws when nothing was counted. */
export function percentileMs(counts: Counts, share: number): number {
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total === 0) throw new Error('nothing was timed')
  let left = Math.ceil(total * share)
  const bucket = counts.findIndex((count) => {
    left -= count
    return left <= 0
  })
  return Math.exp(bucket * GROWTH) / 1_000
}
