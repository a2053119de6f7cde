import type { LatencyRow } from '@switchboard/testkit/history/latencies'
import { code, table } from './docs-markdown.ts'

const seconds = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`)

/** What clients felt under one fault: the p50 is the mean of all runs by what was acknowledged in each, the rest is of the worst run. */
export interface FaultRow extends LatencyRow {
  readonly what: string
  readonly listed: string
}

/** Work for one event of a desk, while so many waited. */
export interface WorkBand {
  readonly fromWaiting: number
  readonly toWaiting: number
  readonly events: number
  readonly cpuMsPerEvent: number
}

/** What a run with a desk found, as docs/faults.json keeps it. */
export interface DeskFigures {
  readonly agents: number
  readonly visitors: number
  readonly faults: readonly string[]
  readonly conversations: number
  readonly offers: number
  readonly offersPerSecond: number
  /** From entering to the first offer, by the routers' clocks. */
  readonly firstOfferMsP50: number
  readonly firstOfferMsP99: number
  readonly firstOfferMsMax: number
  readonly bands: readonly WorkBand[]
  readonly verdict: 'pass' | 'FAIL'
}

/** `docs/faults.json`, as `pnpm fault --record` writes it. */
export interface FaultTable {
  readonly runs: number
  readonly minutes: number
  readonly rows: readonly FaultRow[]
  /** The last run of `pnpm fault --desk --record`. */
  readonly desk?: DeskFigures
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
  return {
    faults: `${runs} runs, ${Math.round(minutes)} minutes of faults:\n\n${table(head, cells)}`,
    ...(recorded.desk ? { 'fault-desk': deskBlock(recorded.desk) } : {}),
  }
}

function deskBlock(desk: DeskFigures): string {
  const { agents, visitors, faults, conversations, offers, offersPerSecond, bands, verdict } = desk
  const rows = [
    ['Agents, visitors', `${agents}, ${visitors}`],
    ['Killed meanwhile', faults.map(code).join(', ')],
    ['Conversations', String(conversations)],
    ['Offers', `${offers}, ${offersPerSecond} a second`],
    ['From entering to the first offer: half of them', seconds(desk.firstOfferMsP50)],
    ['99 of 100', seconds(desk.firstOfferMsP99)],
    ['all', seconds(desk.firstOfferMsMax)],
    ...bands.map(({ fromWaiting, toWaiting, events, cpuMsPerEvent }) => [
      `Processor time of the routers for each event of the desk, while ${fromWaiting} to ${toWaiting} wait`,
      `${cpuMsPerEvent} ms (${events} events)`,
    ]),
    ['What the checker found', verdict === 'pass' ? 'nothing' : 'FAIL'],
  ]
  return table(['', ''], rows)
}
