import { CLOSE } from '@switchboard/contracts/close-codes'
import type { MetricName } from '@switchboard/contracts/metrics'
import type { JournalRecord } from '@switchboard/testkit/history/records'

/** Samples by `name{labels}`, summed over all processes and all their lives. */
export type Counters = ReadonlyMap<string, number>

type StateKind =
  | { readonly what: string; readonly metric: MetricName; readonly labels?: Readonly<Record<string, string>> }
  | { readonly what: string; readonly seen: (record: JournalRecord) => boolean }

/**
 * The states that faults are for. What was never reached was never tested, however many faults there were: so each is counted,
 * from the metrics of the services or from what the clients wrote down.
 */
export const STATES = {
  'router-takeover': { what: 'partitions taken over by a router', metric: 'switchboard_router_takeovers_total' },
  fenced: { what: 'publishes refused because another router had written', metric: 'switchboard_router_fenced_total' },
  uncertain: { what: 'publishes without an answer, looked for', metric: 'switchboard_router_uncertain_total' },
  'duplicate-in-memory': {
    what: 'commands answered from an earlier event in memory',
    metric: 'switchboard_router_duplicates_total',
    labels: { found: 'memory' },
  },
  'duplicate-in-storage': {
    what: 'commands answered from an earlier event in storage',
    metric: 'switchboard_router_duplicates_total',
    labels: { found: 'storage' },
  },
  'feed-repair': { what: 'feeds that mended a hole', metric: 'switchboard_edge_feed_repairs_total' },
  'recovered-from-memory': {
    what: 'positions resumed from an edge’s memory',
    metric: 'switchboard_edge_recoveries_total',
    labels: { source: 'memory' },
  },
  'recovered-from-storage': {
    what: 'positions resumed from storage',
    metric: 'switchboard_edge_recoveries_total',
    labels: { source: 'storage' },
  },
  'refused-unavailable': {
    what: 'commands refused as unavailable',
    metric: 'switchboard_edge_refusals_total',
    labels: { code: 'unavailable' },
  },
  'refused-timeout': {
    what: 'commands answered with timeout',
    metric: 'switchboard_edge_refusals_total',
    labels: { code: 'timeout' },
  },
  'refused-busy': {
    what: 'commands refused by backpressure',
    metric: 'switchboard_edge_refusals_total',
    labels: { code: 'too_many_requests' },
  },
  'closed-no-pong': {
    what: 'connections closed because no ping was answered',
    metric: 'switchboard_edge_closes_total',
    labels: { reason: 'no_pong' },
  },
  'closed-slow': {
    what: 'connections closed because too much waited for them',
    metric: 'switchboard_edge_closes_total',
    labels: { reason: 'slow' },
  },
  'storage-takeover': { what: 'partitions taken over by a storage', metric: 'switchboard_storage_takeovers_total' },
  'store-retried': {
    what: 'batches that MongoDB did not take at once',
    metric: 'switchboard_channel_messages_total',
    labels: { channel: 'mongo', direction: 'out', outcome: 'retried' },
  },
  'dead-letter': {
    what: 'records that went to dead',
    metric: 'switchboard_channel_messages_total',
    labels: { channel: 'dead', direction: 'out' },
  },
  'push-retried': {
    what: 'pushes that a provider is to be asked again about',
    metric: 'switchboard_notifier_pushes_total',
    labels: { outcome: 'retry' },
  },
  'push-accepted': {
    what: 'pushes that a provider took',
    metric: 'switchboard_notifier_pushes_total',
    labels: { outcome: 'accepted' },
  },
  'connection-lost': {
    what: 'connections that clients lost',
    seen: (record) => record.type === 'connection' && record.state === 'lost',
  },
  'sent-away': {
    what: 'connections that a stopping edge sent to another one',
    // Of a process that ends a moment later: its own count is lost with it.
    seen: (record) => record.type === 'connection' && record.code === CLOSE.shutdown.code,
  },
  resumed: {
    what: 'rooms that clients resumed',
    seen: (record) => record.type === 'subscribed' && record.how === 'recovered',
  },
  'resumed-with-gap': {
    what: 'rooms that clients resumed with a gap to fill',
    seen: (record) => record.type === 'subscribed' && record.how === 'recovered' && (record.gap ?? 0) > 0,
  },
  reloaded: {
    what: 'rooms that clients were told to load anew',
    seen: (record) => record.type === 'subscribed' && record.how === 'reload',
  },
  unanswered: {
    what: 'operations whose outcome the client never learned',
    seen: (record) => record.type === 'return' && record.outcome === 'unknown',
  },
} as const satisfies Record<string, StateKind>

export type StateName = keyof typeof STATES

const KINDS: readonly (readonly [StateName, StateKind])[] = Object.entries(STATES) as [StateName, StateKind][]

/** `name{a="b",c="d"}`, as Prometheus writes it. */
function isSampleOf(key: string, metric: string, labels: Readonly<Record<string, string>> = {}): boolean {
  const [name, rest = ''] = key.split('{', 2)
  return name === metric && Object.entries(labels).every(([label, value]) => rest.includes(`${label}="${value}"`))
}

function sumOf(counters: Counters, kind: { metric: string; labels?: Readonly<Record<string, string>> }): number {
  let sum = 0
  for (const [key, value] of counters) if (isSampleOf(key, kind.metric, kind.labels)) sum += value
  return sum
}

/** How often each state was reached between two readings of the counters, and in the journal. */
export function countStates(
  counters: { readonly before: Counters; readonly after: Counters },
  journal: Iterable<JournalRecord>,
): ReadonlyMap<StateName, number> {
  const counts = new Map<StateName, number>(
    KINDS.map(([name, kind]) => [
      name,
      'metric' in kind ? sumOf(counters.after, kind) - sumOf(counters.before, kind) : 0,
    ]),
  )
  const looking = KINDS.flatMap(([name, kind]) => ('seen' in kind ? [{ name, seen: kind.seen }] : []))
  for (const record of journal)
    for (const { name, seen } of looking) if (seen(record)) counts.set(name, (counts.get(name) ?? 0) + 1)
  return counts
}
