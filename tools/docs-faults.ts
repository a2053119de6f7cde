import type { LatencyRow } from '@switchboard/testkit/history/latencies'
import { code, table } from './docs-markdown.ts'

const seconds = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)

/** What clients felt under one fault: the p50 is the mean of all runs by what was acknowledged in each, the rest is of the worst run. */
export interface FaultRow extends LatencyRow {
  readonly what: string
  readonly listed: string
}

/** `docs/faults.json`, as `pnpm fault --record` writes it. */
export interface FaultTable {
  readonly runs: number
  readonly minutes: number
  readonly rows: readonly FaultRow[]
}

/** What clients felt, from the runs that `pnpm fault --record` wrote down. */
export function faultBlocks(recorded: FaultTable): Record<string, string> {
  const { runs, minutes, rows } = recorded
  const cells = rows.map((row) => [
    code(row.fault),
    row.what,
    row.listed,
    String(row.times),
    String(row.acknowledged),
    seconds(row.p50Ms),
    seconds(row.p99Ms),
    seconds(row.outageMs),
    seconds(row.clientOutageMs),
  ])
  const head = ['Fault', '', '', 'Times', 'Acknowledged', 'p50', 'p99, worst run', 'Nobody', 'One client']
  return { faults: `${runs} runs, ${minutes} minutes of faults:\n\n${table(head, cells)}` }
}
