import type { LIMITS } from './limits.ts'

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
  switchboard_edge_outbox_connections: metric('gauge', 'Connections that have bytes waiting'),
  switchboard_edge_slow_total: metric('counter', 'Connections cut because they do not read', 'cause'),
  switchboard_edge_admission_refusals_total: metric('counter', 'Connections and requests not taken', 'way', 'cause'),
  switchboard_edge_unauthenticated: metric('gauge', 'Connections that did not say yet who they are'),
  switchboard_edge_subscriptions: metric('gauge', 'Channels of all connections'),
  switchboard_edge_people: metric('gauge', 'Users held in memory, with a connection or a little after it'),
  switchboard_edge_api_requests: metric('gauge', 'Requests to the HTTP API that are being answered'),
  switchboard_edge_drained_total: metric('counter', 'Connections sent away by a stopping edge'),
  switchboard_edge_drain_seconds: metric('gauge', 'How long the stopping edge has been sending connections away'),

  switchboard_router_partitions: metric('gauge', 'Partitions owned'),
  switchboard_router_lanes: metric('gauge', 'Rooms and users in memory'),
  switchboard_router_lane_queue: metric('gauge', 'Commands that wait for one room, of the fullest'),
  switchboard_router_partition_queue: metric('gauge', 'Commands of one partition read and not applied, of the fullest'),
  switchboard_router_in_hand_bytes: metric('gauge', 'Bytes of memory for commands read and not applied, as reckoned'),
  switchboard_router_commit_seconds: metric('histogram', 'From the first command of an entry to its acknowledgement'),
  switchboard_router_entry_events: metric('histogram', 'Events in one log entry'),
  switchboard_router_commands_total: metric('counter', 'Commands decided', 'method', 'outcome'),
  switchboard_router_fenced_total: metric('counter', 'Publishes refused because another router had written'),
  switchboard_router_uncertain_total: metric('counter', 'Publishes without an answer, looked for and tried again'),
  switchboard_router_takeovers_total: metric('counter', 'Partitions taken over'),
  switchboard_router_duplicates_total: metric('counter', 'Commands answered from an earlier event', 'found'),

  switchboard_router_desks: metric('gauge', 'Desks in memory'),
  switchboard_router_desk_conversations: metric('gauge', 'Conversations of all desks that are not over', 'state'),
  switchboard_router_desk_agents: metric('gauge', 'Agents of all desks', 'status'),
  switchboard_router_desk_capacity: metric(
    'gauge',
    'Conversations that agents could take now, and those they have',
    'use',
  ),
  switchboard_router_desk_changes_total: metric('counter', 'What happened to conversations', 'change'),
  switchboard_router_desk_wait_seconds: metric('histogram', 'From entering to an agent'),
  switchboard_router_desk_first_reply_seconds: metric('histogram', 'From entering to the first reply'),
  switchboard_router_desk_breaches_total: metric('counter', 'Promises of desks that were broken', 'breach'),
  switchboard_router_desk_abandoned_total: metric('counter', 'Conversations that their visitors left while waiting'),

  switchboard_storage_partitions: metric('gauge', 'Partitions owned'),
  switchboard_storage_takeovers_total: metric('counter', 'Partitions taken over'),
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

  switchboard_notifier_webhooks_total: metric('counter', 'Attempts to deliver to webhooks', 'outcome'),
  switchboard_notifier_webhook_seconds: metric('histogram', 'From the event to the answer of the webhook'),
  switchboard_notifier_webhooks_held: metric('gauge', 'Webhooks that do not answer well, and are tried now and then'),

  switchboard_process_loop_lag_seconds: metric(
    'gauge',
    'Longest turn of the event loop, by which all else was late: of the last ten seconds, or up to twenty',
  ),
  switchboard_process_limit: metric(
    'gauge',
    'The most of something that a process takes, beside the gauge of it',
    'limit',
  ),
  switchboard_process_workers: metric('gauge', 'Processes that share the work of this one', 'phase'),
  switchboard_process_spans_total: metric(
    'counter',
    'Spans of traces: ended, and of these sent to the collector or refused by it; the rest wait or were dropped',
    'outcome',
  ),
  switchboard_process_worker_ends_total: metric('counter', 'Such processes that had to be started again', 'cause'),
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof METRICS

/** What can fill up in a process of a service: the limit, and the gauge that stands beside it, with its labels. */
export const FILLED = {
  edge: {
    connections: ['switchboard_edge_connections', ''],
    unauthenticated: ['switchboard_edge_unauthenticated', ''],
    apiInFlight: ['switchboard_edge_api_requests', ''],
    repliesPending: ['switchboard_channel_pending', 'channel="replies"'],
    outboxProcessBytes: ['switchboard_edge_outbox_bytes', ''],
    feeds: ['switchboard_edge_feeds', ''],
  },
  router: {
    lanes: ['switchboard_router_lanes', ''],
    laneQueue: ['switchboard_router_lane_queue', ''],
    partitionQueue: ['switchboard_router_partition_queue', ''],
    commandsInHandBytes: ['switchboard_router_in_hand_bytes', ''],
  },
  storage: { storageQueue: ['switchboard_channel_pending', 'channel="mongo"'] },
  notifier: {},
} as const satisfies Record<string, Partial<Record<keyof typeof LIMITS, readonly [MetricName, string]>>>

/** Histogram buckets, in seconds or in events: wide enough for a commit of a millisecond and a bulk of ten seconds. */
export const BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 50, 100, 250, 500,
]
