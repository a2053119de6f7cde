import type { Bench } from './bench.ts'
import { SERIES } from './guard/judge.ts'
import { GUARDED, guardOptions } from './guard/ratios.ts'
import { alternate } from './measure/pairs.ts'
import { type Table, tableOf } from './measure/table.ts'

/** The small ratios that `test/guard` holds against the recorded ones, in the size in which it measures them. */
export const guard: Bench = {
  name: 'guard',
  about: 'four ratios in the small, which test/guard compares with bench/guard.json',
  run: async ({ ground, pairs, report }) => {
    const tables: Table[] = []
    for (const guarded of GUARDED) {
      await using stack = new AsyncDisposableStack()
      const subjects = await guarded.prepare(stack, guardOptions(guarded, ground))
      const samples = await alternate(subjects, {
        pairs: guardPairs(pairs),
        report: (line) => report(`guard, ${guarded.name}: ${line}`),
      })
      tables.push(tableOf(`guard: ${guarded.name}, ${guarded.about}`, samples, guarded.limit))
    }
    return tables
  },
}

/** What `--record` asks for at least. */
const RECORDED_PAIRS_MIN = 5

/** How many are measured: what is compared with must be surer than what is compared; fewer are only to see that it works. */
export const guardPairs = (pairs: number): number =>
  pairs >= RECORDED_PAIRS_MIN ? Math.max(pairs, SERIES.pairsMax) : pairs
