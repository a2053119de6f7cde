import { FILLED, type MetricName } from '@switchboard/contracts/metrics'
import type { Dashboard, Row } from './dashboard.ts'
import { max, rate, sum, times, where } from './dashboard-queries.ts'

/** Of every service. */
export const PROCESS: Row = {
  title: 'Processes',
  panels: [
    {
      title: 'Delay of the event loop',
      unit: 's',
      queries: { '{{service}} {{pod}}': max('switchboard_process_loop_lag_seconds', 'service, pod') },
    },
    {
      title: 'CPU',
      unit: 'percentunit',
      queries: {
        '{{service}} {{pod}}': `sum by (service, pod) (rate(process_cpu_seconds_total${where('service=~".+"')}[5m]))`,
      },
    },
    {
      title: 'Memory',
      unit: 'bytes',
      queries: {
        '{{service}} {{pod}}': `sum by (service, pod) (process_resident_memory_bytes${where('service=~".+"')})`,
      },
    },
  ],
}

/** Only where traces go somewhere. */
const TRACES: Row = {
  title: 'Traces, where OTEL_EXPORTER_OTLP_ENDPOINT is set',
  panels: [
    {
      title: 'Spans',
      unit: 'reqps',
      note: 'What has ended and was neither sent nor failed waits, or was dropped because too much waited.',
      queries: { '{{service}} {{outcome}}': rate('switchboard_process_spans_total', 'service, outcome') },
    },
  ],
}

/** Those of the notifiers have names of ours. The others have names by chance, and a legend of them would tell nobody anything. */
const SHARED = '{is_consumer_leader="true", consumer_name=~".+-notifier.*"}'
const READERS = '{is_consumer_leader="true", consumer_name!~".+-notifier.*"}'
const sharedConsumers = (metric: string): Record<string, string> => ({
  '{{stream_name}} {{consumer_name}}': `max by (stream_name, consumer_name) (${metric}${SHARED})`,
})

export const NATS: Dashboard = {
  uid: 'switchboard-nats',
  title: 'Switchboard / 6 NATS',
  note: 'From prometheus-nats-exporter, as the official chart of NATS starts it.',
  rows: [
    {
      title: 'Servers',
      panels: [
        { title: 'Connections', queries: { '{{server_id}}': 'sum by (server_id) (nats_varz_connections)' } },
        { title: 'Memory', unit: 'bytes', queries: { '{{server_id}}': 'sum by (server_id) (nats_varz_mem)' } },
        {
          title: 'Messages',
          unit: 'reqps',
          queries: { in: 'sum(rate(nats_varz_in_msgs[5m]))', out: 'sum(rate(nats_varz_out_msgs[5m]))' },
        },
        {
          title: 'Slow consumers',
          queries: { '{{server_id}}': 'sum by (server_id) (increase(nats_varz_slow_consumers[5m]))' },
        },
      ],
    },
    {
      title: 'Streams',
      panels: [
        { title: 'Messages', queries: { '{{stream_name}}': 'max by (stream_name) (nats_stream_total_messages)' } },
        {
          title: 'Size',
          unit: 'bytes',
          queries: { '{{stream_name}}': 'max by (stream_name) (nats_stream_total_bytes)' },
        },
        {
          title: 'Disk used',
          unit: 'percentunit',
          queries: {
            '{{server_name}}': 'max by (server_name) (nats_server_total_message_bytes / (nats_server_max_storage > 0))',
          },
        },
      ],
    },
    {
      title: 'Consumers that pods share',
      panels: [
        { title: 'Waiting', queries: sharedConsumers('nats_consumer_num_pending') },
        { title: 'Taken and not acknowledged', queries: sharedConsumers('nats_consumer_num_ack_pending') },
        { title: 'Given again', queries: sharedConsumers('nats_consumer_num_redelivered') },
      ],
    },
    {
      title: 'Readers: one for each stream and pod, and more while partitions move or are slow',
      panels: [
        {
          title: 'Not read yet, the furthest behind',
          queries: { '{{stream_name}}': `max by (stream_name) (nats_consumer_num_pending${READERS})` },
        },
        {
          title: 'Readers',
          queries: { '{{stream_name}}': `count by (stream_name) (nats_consumer_num_pending${READERS})` },
        },
      ],
    },
  ],
}

/** Of each limit of a process, how much is used. */
const fillings = (service: 'edge' | 'router' | 'storage'): Record<string, string> =>
  Object.fromEntries(
    Object.entries(FILLED[service] as Record<string, readonly [MetricName, string]>).map(
      ([limit, [metric, labels]]) => [
        limit,
        `max(sum without (transport) (${metric}${where(labels)})) / max(switchboard_process_limit${where(`limit="${limit}"`)})`,
      ],
    ),
  )

export const CAPACITY: Dashboard = {
  uid: 'switchboard-capacity',
  title: 'Switchboard / 7 Capacity',
  note: 'How far each service is from its limit, and what its autoscaler does about it.',
  rows: [
    {
      title: 'Signals that scale',
      panels: [
        {
          title: 'Connections for each edge',
          queries: {
            average: `avg(sum by (pod) (switchboard_edge_connections${where()}))`,
            most: `max(sum by (pod) (switchboard_edge_connections${where()}))`,
          },
        },
        {
          title: 'Commands in hand',
          queries: { '{{pod}}': sum('switchboard_channel_pending', 'pod', 'channel="commands", service="router"') },
        },
        {
          title: 'Events not in MongoDB',
          queries: { '{{pod}}': sum('switchboard_channel_pending', 'pod', 'channel="mongo"') },
        },
        { title: 'Pushes that wait', queries: { pushes: 'max(nats_stream_total_messages{stream_name=~".*-pushes"})' } },
      ],
    },
    {
      title: 'Pods',
      panels: [
        {
          title: 'Now, and at most',
          queries: {
            '{{horizontalpodautoscaler}}': `max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_status_current_replicas${where()})`,
            '{{horizontalpodautoscaler}} at most': `max by (horizontalpodautoscaler) (kube_horizontalpodautoscaler_spec_max_replicas${where()})`,
          },
        },
        {
          title: 'Restarts',
          queries: {
            '{{pod}}': `sum by (pod) (increase(kube_pod_container_status_restarts_total${where('container=~"edge|router|storage|notifier"')}[1h]))`,
          },
        },
      ],
    },
    {
      title: 'How full',
      panels: (['edge', 'router', 'storage'] as const).map((service) => ({
        title: service.charAt(0).toUpperCase() + service.slice(1),
        unit: 'percentunit',
        note: 'The fullest process, beside its limit: docs/protocol.md, "Limits".',
        queries: fillings(service),
      })),
    },
    PROCESS,
    TRACES,
  ],
}

export const DESKS: Dashboard = {
  uid: 'switchboard-desks',
  title: 'Switchboard / 8 Desks',
  note: 'Whether visitors find somebody, over all desks.',
  rows: [
    {
      title: 'Waiting',
      panels: [
        { title: 'Until an agent answers', unit: 's', queries: times('switchboard_router_desk_wait_seconds') },
        { title: 'Until the first reply', unit: 's', queries: times('switchboard_router_desk_first_reply_seconds') },
        {
          title: 'Broken promises',
          queries: { '{{breach}}': rate('switchboard_router_desk_breaches_total', 'breach') },
        },
        {
          title: 'Left while waiting',
          unit: 'reqps',
          queries: { visitors: rate('switchboard_router_desk_abandoned_total', 'namespace') },
        },
        {
          title: 'Conversations',
          queries: { '{{state}}': sum('switchboard_router_desk_conversations', 'state') },
        },
      ],
    },
    {
      title: 'Answering',
      panels: [
        { title: 'Agents', queries: { '{{status}}': sum('switchboard_router_desk_agents', 'status') } },
        { title: 'Conversations at once', queries: { '{{use}}': sum('switchboard_router_desk_capacity', 'use') } },
        {
          title: 'What happens',
          unit: 'reqps',
          queries: { '{{change}}': rate('switchboard_router_desk_changes_total', 'change') },
        },
        { title: 'Desks in memory', queries: { '{{pod}}': sum('switchboard_router_desks', 'pod') } },
      ],
    },
  ],
}
