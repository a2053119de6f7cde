import { type Spread, spreadOf } from './statistics.ts'
import type { Row, Table } from './table.ts'

/** What an amount of work costs at one size. */
export interface Point {
  readonly size: number
  readonly cost: number
}

/**
 * The slope of a straight line through the points on paper with two logarithmic scales, by least squares: cost grows as size to
 * this power. @throws where there are not two sizes, or a cost is nothing and has no logarithm.
 */
export function slopeOf(points: readonly Point[]): number {
  const [xs, ys] = [points.map(({ size }) => Math.log(size)), points.map(({ cost }) => Math.log(cost))]
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(xs), mean(ys)]
  const along = xs.reduce((sum, value, i) => sum + (value - x) * ((ys[i] ?? Number.NaN) - y), 0)
  const slope = along / xs.reduce((sum, value) => sum + (value - x) ** 2, 0)
  if (!Number.isFinite(slope)) throw new Error('no line goes through these points')
  return slope
}

/** The cost of a unit of work over one axis of growth: 0 is as much at every size, which makes the whole grow in proportion. */
export interface Growth {
  readonly figure: string
  readonly sizes: readonly number[]
  readonly medians: readonly Spread[]
  /** Over all sizes, of each round. */
  readonly slope: Spread
  /** Over the last two sizes alone: what bends upwards at the end shows here. */
  readonly lastStep: Spread
  readonly isWorse: boolean
}

/** A unit of work that becomes dearer by more than a quarter for each factor of ten. */
const FLAT_MAX = 0.1

/** Worse than linear is what was steeper than flat in every single round, over all sizes or over the last step. */
const isWorse = (slopes: readonly Spread[]): boolean => slopes.some(({ min }) => min > FLAT_MAX)

/**
 * How each cost of a table grows, of which the columns are sizes. Only what is measured by CPU and was something at each size:
 * a process that used not one tick says nothing.
 */
export function growthOf({ rows }: Table): Growth[] {
  return rows.flatMap((row) => (row.figure.startsWith('CPU ') ? (growthOfRow(row) ?? []) : []))
}

function growthOfRow({ figure, of }: Row): Growth | undefined {
  const columns = Object.entries(of).map(([size, spread]) => ({ size: Number(size), spread }))
  const rounds = Math.min(...columns.map(({ spread }) => spread.samples.length))
  const isMeasured = columns.every(({ spread }) => spread.min > 0)
  if (columns.length < 2 || rounds === 0 || !isMeasured) return undefined
  const slopes = (some: typeof columns): Spread =>
    spreadOf(
      Array.from({ length: rounds }, (_, round) =>
        slopeOf(some.map(({ size, spread }) => ({ size, cost: spread.samples[round] ?? Number.NaN }))),
      ),
    )
  const [slope, lastStep] = [slopes(columns), slopes(columns.slice(-2))]
  const medians = columns.map(({ spread: { median, min, max } }) => ({ median, min, max }))
  return {
    figure,
    sizes: columns.map(({ size }) => size),
    medians,
    slope,
    lastStep,
    isWorse: isWorse([slope, lastStep]),
  }
}
