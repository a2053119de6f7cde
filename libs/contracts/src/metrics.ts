/** One metric: what it counts and by which labels. Labels are closed sets; ids stand in logs only. */
export interface Metric {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
}

const metric = (type: Metric['type'], help: string, ...labels: string[]): Metric => ({ type, help, labels })

/** Every metric, declared before it is emitted. The three of each channel come first, so that dashboards are written once. */
export const METRICS = {
  switchboard_channel_messages_total: metric('counter', 'Records through a channel', 'channel', 'direction', 'outcome'),
  switchboard_channel_seconds: metric('histogram', 'Time from taking a record to its outcome', 'channel'),
  switchboard_channel_pending: metric('gauge', 'Records taken and without outcome yet', 'channel'),

  switchboard_edge_connections: metric('gauge', 'Open client connections', 'transport'),
  switchboard_edge_feeds: metric('gauge', 'Open feeds'),
  switchboard_edge_feed_repairs_total: metric('counter', 'Feeds that saw a hole and mended it from the log', 'cause'),
  switchboard_edge_recoveries_total: metric('counter', 'Positions that clients resumed from', 'source'),
  switchboard_edge_closes_total: metric('counter', 'Connections ended', 'reason'),
  switchboard_edge_refusals_total: metric('counter', 'Commands refused', 'code'),
  switchboard_edge_delivered_total: metric('counter', 'Publications written to sockets', 'format'),
  switchboard_edge_dropped_signals_total: metric('counter', 'Signals not written to a slow socket'),
  switchboard_edge_outbox_bytes: metric('gauge', 'Bytes waiting in all sockets'),

  switchboard_router_partitions: metric('gauge', 'Partitions owned'),
  switchboard_router_lanes: metric('gauge', 'Rooms and users in memory'),
  switchboard_router_commit_seconds: metric('histogram', 'From the first command of an entry to its acknowledgement'),
  switchboard_router_entry_events: metric('histogram', 'Events in one log entry'),
  switchboard_router_commands_total: metric('counter', 'Commands decided', 'method', 'outcome'),
  switchboard_router_fenced_total: metric('counter', 'Publishes refused because another router had written'),
  switchboard_router_takeovers_total: metric('counter', 'Partitions taken over'),
  switchboard_router_duplicates_total: metric('counter', 'Commands answered from an earlier event', 'found'),

  switchboard_storage_partitions: metric('gauge', 'Partitions owned'),
  switchboard_storage_events_total: metric('counter', 'Events written to MongoDB'),
  switchboard_storage_bulk_seconds: metric('histogram', 'Duration of one bulk'),
  switchboard_storage_bulk_events: metric('histogram', 'Events in one bulk'),
  switchboard_storage_lag_seconds: metric('gauge', 'Age of the oldest event read and not yet written'),
  switchboard_storage_queries_total: metric('counter', 'Questions answered', 'query', 'outcome'),
  switchboard_storage_query_seconds: metric('histogram', 'Time to answer a question', 'query'),

  switchboard_notifier_planned_total: metric('counter', 'Decisions of the planner', 'decision'),
  switchboard_notifier_pushes_total: metric('counter', 'Attempts to push', 'provider', 'outcome'),
  switchboard_notifier_push_seconds: metric('histogram', 'From the message to the provider’s answer', 'provider'),
  switchboard_notifier_circuit_open: metric('gauge', 'Providers that refuse our credentials', 'provider'),

  switchboard_process_loop_lag_seconds: metric(
    'gauge',
    'Delay of the event loop, 99th percentile of the last ten seconds',
  ),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof METRICS

/** Histogram buckets, in seconds or in events: wide enough for a commit of a millisecond and a bulk of ten seconds. */
export const BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100, 250, 500,
]
