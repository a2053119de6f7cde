import { type BenchOptions, scaled } from '../bench.ts'
import { alternate, type Sample } from '../measure/pairs.ts'
import { type Table, tableOf } from '../measure/table.ts'

/** Three rounds say whether a slope is there at all; more would not fit into the time. */
const ROUNDS_MAX = 3
const SECONDS_MAX = 4
/** Below it a short segment of several load processes may send nothing at all. */
export const PER_SECOND_MIN = 20

/** One thing that grows while all others stay as they are. */
export type Axis = (options: BenchOptions) => Promise<readonly Table[]>

/** Segments of a growth run are shorter than those of other benches, as there are many. */
export const shortened = (options: BenchOptions): BenchOptions => ({
  ...options,
  pairs: Math.min(options.pairs, ROUNDS_MAX),
  seconds: Math.min(options.seconds, SECONDS_MAX),
})

/** Sizes at this scale. They stay apart, the smallest at `least`. */
export const sizesAt = (sizes: readonly number[], scale: number, least: number): number[] =>
  sizes.map((size, i) => scaled(size, scale, least * (i + 1)))

/** Measures all sizes in turn, round after round: the machine's moods meet all of them. */
export async function growing(
  { title, axis, sizes }: { title: string; axis: string; sizes: readonly number[] },
  options: BenchOptions,
  segment: (size: number) => Promise<Sample>,
): Promise<Table> {
  const { pairs, report } = options
  const subjects = Object.fromEntries(sizes.map((size) => [String(size), () => segment(size)]))
  const samples = await alternate(subjects, { pairs, report: (line) => report(`growth of ${axis}: ${line}`) })
  return { ...tableOf(`growth: ${title}`, samples), axis }
}
