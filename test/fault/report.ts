import { formatVerdict } from '@switchboard/testkit/history/format'
import type { LatencyRow } from '@switchboard/testkit/history/latencies'
import type { Verdict } from '@switchboard/testkit/history/verdict'
import type { FaultRow, FaultTable } from '../../tools/docs-faults.ts'
import type { FaultKind } from './faults-kind.ts'
import type { Plan } from './plan.ts'
import { STATES, type StateName } from './states.ts'

/** What one run found out. */
export interface RunReport {
  readonly plan: Plan
  readonly verdict: Verdict
  readonly states: ReadonlyMap<StateName, number>
  readonly latencies: readonly LatencyRow[]
  /** What is wrong and is no matter of history: a process that died, work that never ended, a system that did not recover. */
  readonly problems: readonly string[]
}

export const isPassed = ({ verdict, problems }: RunReport): boolean => verdict.passed && problems.length === 0

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`

/** What is printed before anything happens: all that is needed to do the same again. */
export function formatPlan({ seed, minutes, mode, faults }: Plan, kinds: readonly FaultKind[]): string {
  const names = new Set(faults.map(({ name }) => name))
  const lines = faults.map(({ id, name, target, beginMs, durationMs, crowd }) =>
    [
      id.padStart(4),
      `at ${seconds(beginMs)}`.padEnd(12),
      `for ${seconds(durationMs)}`.padEnd(12),
      `crowd ${crowd}`.padEnd(10),
      `${name} on ${target}`,
    ].join(' '),
  )
  const words = kinds
    .filter(({ name }) => names.has(name))
    .map(({ name, listed, what }) => `  ${name} (${listed}): ${what}`)
  return [`seed ${seed}, ${minutes} minutes, ${mode}: ${faults.length} faults`, ...lines, ...words].join('\n')
}

/** The end of a run for the terminal. */
export function formatReport(report: RunReport): string {
  const { plan, verdict, states, latencies, problems } = report
  const counted = [...states].map(([name, count]) => [String(count), name, STATES[name].what])
  const times = latencies.map((row) => [
    row.fault,
    `${row.times}×`,
    String(row.acknowledged),
    `${Math.round(row.p50Ms)} ms`,
    `${Math.round(row.p99Ms)} ms`,
    seconds(row.outageMs),
    seconds(row.clientOutageMs),
  ])
  return [
    formatVerdict(verdict),
    'states:',
    ...columns(counted),
    'waits, while the fault was on and five seconds after:',
    ...columns([['fault', 'times', 'acknowledged', 'p50', 'p99', 'outage', 'of one client'], ...times]),
    ...problems.map((problem) => `PROBLEM ${problem}`),
    `seed ${plan.seed}: ${isPassed(report) ? 'PASS' : 'FAIL'}`,
  ].join('\n')
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
}

export const EMPTY_TABLE: FaultTable = { runs: 0, minutes: 0, rows: [] }

const QUIET = { name: 'quiet', what: 'no fault', listed: '' }

/** The table with one more run in it. */
export function mergeRun(table: FaultTable, report: RunReport, kinds: readonly FaultKind[]): FaultTable {
  const rows = new Map(table.rows.map((row) => [row.fault, row]))
  for (const latency of report.latencies) {
    const kind = latency.fault === QUIET.name ? QUIET : kinds.find(({ name }) => name === latency.fault)
    if (kind) rows.set(latency.fault, mergeRow(rows.get(latency.fault), latency, kind))
  }
  return {
    runs: table.runs + 1,
    minutes: table.minutes + report.plan.minutes,
    ...(table.desk ? { desk: table.desk } : {}),
    rows: [...rows.values()].sort((a, b) => (a.fault < b.fault ? -1 : 1)),
  }
}

function mergeRow(
  before: FaultRow | undefined,
  row: LatencyRow,
  { what, listed }: Pick<FaultKind, 'what' | 'listed'>,
): FaultRow {
  const acknowledged = (before?.acknowledged ?? 0) + row.acknowledged
  const sumMs = (before?.p50Ms ?? 0) * (before?.acknowledged ?? 0) + row.p50Ms * row.acknowledged
  const worst = (old: number | undefined, now: number) => Math.round(Math.max(old ?? 0, now))
  return {
    fault: row.fault,
    what,
    listed,
    times: (before?.times ?? 0) + row.times,
    acknowledged,
    p50Ms: acknowledged === 0 ? 0 : Math.round((sumMs / acknowledged) * 10) / 10,
    p99Ms: worst(before?.p99Ms, row.p99Ms),
    outageMs: worst(before?.outageMs, row.outageMs),
    clientOutageMs: worst(before?.clientOutageMs, row.clientOutageMs),
  }
}
