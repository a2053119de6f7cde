import { CHANNELS, type ChannelName } from '@switchboard/contracts/channels'
import { type Dashboard, grafana, type Panel, type Row } from './dashboard.ts'
import { HERE, max, rate, sum, times, where } from './dashboard-queries.ts'
import { CAPACITY, DESKS, NATS, PROCESS } from './dashboards-around.ts'
import { WEBHOOK_PANELS } from './dashboards-webhooks.ts'
import type { Service } from './setting-values.ts'

/** What each service measures of its channels, in the order in which a message meets them. */
const MEASURED: Readonly<Record<Service, readonly (readonly [ChannelName, ...('time' | 'in hand')[]])[]>> = {
  edge: [
    ['uplink'],
    ['api'],
    ['commands'],
    ['replies', 'time', 'in hand'],
    ['log'],
    ['signals'],
    ['presence'],
    ['queries'],
  ],
  router: [['commands', 'in hand'], ['presence'], ['replies'], ['marks'], ['signals'], ['dead']],
  storage: [['log'], ['marks'], ['mongo', 'time', 'in hand'], ['queries', 'time'], ['dead']],
  notifier: [
    ['log', 'time', 'in hand'],
    ['pushes', 'time', 'in hand'],
  ],
}

/** Records of a channel, and where they are measured their time and how many are in hand, side by side. */
function channelRow(service: Service, channel: ChannelName, measured: readonly ('time' | 'in hand')[]): Row {
  const labels = `channel="${channel}", service="${service}"`
  const records: Panel = {
    title: 'Records',
    unit: 'reqps',
    queries: {
      '{{direction}} {{outcome}}': rate('switchboard_channel_messages_total', 'direction, outcome', labels),
    },
  }
  const time: Panel = {
    title: 'Time to the outcome',
    unit: 's',
    queries: times('switchboard_channel_seconds', labels),
  }
  const inHand: Panel = {
    title: 'In hand',
    queries: { '{{pod}}': sum('switchboard_channel_pending', 'pod', labels) },
  }
  const more = measured.map((one) => (one === 'time' ? time : inHand))
  return { title: `${channel}: ${CHANNELS[channel].carries}`, panels: [records, ...more] }
}

const ofService = (service: Service): Row => ({
  ...PROCESS,
  panels: PROCESS.panels.map((panel) => ({
    ...panel,
    queries: Object.fromEntries(
      Object.entries(panel.queries).map(([legend, query]) => [
        legend,
        query
          .replace('service=~".+"', `service="${service}"`)
          .replace(
            `switchboard_process_loop_lag_seconds{${HERE}}`,
            `switchboard_process_loop_lag_seconds{${HERE}, service="${service}"}`,
          ),
      ]),
    ),
  })),
})

const USERS: Dashboard = {
  uid: 'switchboard-users',
  title: 'Switchboard / 1 Are users well?',
  note: 'From the socket to the push, in the order in which a message passes. If these are well, users are.',
  rows: [
    {
      title: 'Connected',
      panels: [
        { title: 'Connections', queries: { '{{transport}}': sum('switchboard_edge_connections', 'transport') } },
        {
          title: 'Not taken',
          unit: 'reqps',
          note: 'Why: docs/operations.md, "When it is too much".',
          queries: { '{{way}} {{cause}}': rate('switchboard_edge_admission_refusals_total', 'way, cause') },
        },
        { title: 'Ended', unit: 'reqps', queries: { '{{reason}}': rate('switchboard_edge_closes_total', 'reason') } },
      ],
    },
    {
      title: 'Sent',
      panels: [
        {
          title: 'Until the client has its answer',
          unit: 's',
          queries: times('switchboard_channel_seconds', 'channel="replies"'),
        },
        { title: 'Until it is kept', unit: 's', queries: times('switchboard_router_commit_seconds') },
        { title: 'Refused', unit: 'reqps', queries: { '{{code}}': rate('switchboard_edge_refusals_total', 'code') } },
      ],
    },
    {
      title: 'Received',
      panels: [
        {
          title: 'Publications written to sockets',
          unit: 'reqps',
          queries: { '{{format}}': rate('switchboard_edge_delivered_total', 'format') },
        },
        {
          title: 'Recovered after an absence',
          unit: 'reqps',
          queries: { 'from {{source}}': rate('switchboard_edge_recoveries_total', 'source') },
        },
        {
          title: 'Too slow to read',
          unit: 'reqps',
          queries: { '{{cause}}': rate('switchboard_edge_slow_total', 'cause') },
        },
      ],
    },
    {
      title: 'Kept and told',
      panels: [
        {
          title: 'MongoDB is behind by',
          unit: 's',
          queries: { '{{pod}}': max('switchboard_storage_lag_seconds', 'pod') },
        },
        {
          title: 'Pushes',
          unit: 'reqps',
          queries: { '{{provider}} {{outcome}}': rate('switchboard_notifier_pushes_total', 'provider, outcome') },
        },
        {
          title: 'From the message to the provider',
          unit: 's',
          queries: times('switchboard_notifier_push_seconds'),
        },
      ],
    },
  ],
}

/** What a service counts of its own, before its channels. */
const OWN: Readonly<Record<Service, readonly Panel[]>> = {
  edge: [
    { title: 'Connections', queries: { '{{pod}}': sum('switchboard_edge_connections', 'pod') } },
    { title: 'Waiting in sockets', unit: 'bytes', queries: { '{{pod}}': sum('switchboard_edge_outbox_bytes', 'pod') } },
    { title: 'Feeds', queries: { '{{pod}}': sum('switchboard_edge_feeds', 'pod') } },
    {
      title: 'Feeds mended',
      unit: 'reqps',
      queries: { '{{cause}}': rate('switchboard_edge_feed_repairs_total', 'cause') },
    },
  ],
  router: [
    { title: 'Partitions', queries: { '{{pod}}': sum('switchboard_router_partitions', 'pod') } },
    {
      title: 'Commands',
      unit: 'reqps',
      queries: { '{{outcome}}': rate('switchboard_router_commands_total', 'outcome') },
    },
    {
      title: 'Fenced, uncertain, taken over',
      unit: 'reqps',
      queries: {
        fenced: rate('switchboard_router_fenced_total', 'namespace'),
        uncertain: rate('switchboard_router_uncertain_total', 'namespace'),
        'taken over': rate('switchboard_router_takeovers_total', 'namespace'),
      },
    },
    { title: 'Rooms and users in memory', queries: { '{{pod}}': sum('switchboard_router_lanes', 'pod') } },
  ],
  storage: [
    { title: 'Behind by', unit: 's', queries: { '{{pod}}': max('switchboard_storage_lag_seconds', 'pod') } },
    { title: 'Written', unit: 'reqps', queries: { '{{pod}}': rate('switchboard_storage_events_total', 'pod') } },
    { title: 'One bulk', unit: 's', queries: times('switchboard_storage_bulk_seconds') },
    {
      title: 'Questions',
      unit: 's',
      queries: {
        '99 of 100 {{query}}': `histogram_quantile(0.99, sum by (le, query) (rate(switchboard_storage_query_seconds_bucket${where()}[5m])))`,
      },
    },
  ],
  notifier: [
    {
      title: 'Decided',
      unit: 'reqps',
      queries: { '{{decision}}': rate('switchboard_notifier_planned_total', 'decision') },
    },
    {
      title: 'Pushes',
      unit: 'reqps',
      queries: { '{{provider}} {{outcome}}': rate('switchboard_notifier_pushes_total', 'provider, outcome') },
    },
    {
      title: 'Credentials refused',
      queries: { '{{provider}}': max('switchboard_notifier_circuit_open', 'provider') },
    },
    ...WEBHOOK_PANELS,
  ],
}

/** What is looked at when the first row does not say enough. */
const MORE: Readonly<Record<Service, readonly Row[]>> = {
  edge: [
    {
      title: 'Held in memory',
      panels: [
        { title: 'Subscriptions', queries: { '{{pod}}': sum('switchboard_edge_subscriptions', 'pod') } },
        { title: 'People', queries: { '{{pod}}': sum('switchboard_edge_people', 'pod') } },
        { title: 'Not logged in yet', queries: { '{{pod}}': sum('switchboard_edge_unauthenticated', 'pod') } },
        { title: 'Connections that wait', queries: { '{{pod}}': sum('switchboard_edge_outbox_connections', 'pod') } },
      ],
    },
    {
      title: 'Under pressure, and stopping',
      panels: [
        { title: 'Requests in hand', queries: { '{{pod}}': sum('switchboard_edge_api_requests', 'pod') } },
        {
          title: 'Signals dropped',
          unit: 'reqps',
          queries: { '{{pod}}': rate('switchboard_edge_dropped_signals_total', 'pod') },
        },
        { title: 'Sent away', unit: 'reqps', queries: { '{{pod}}': rate('switchboard_edge_drained_total', 'pod') } },
        { title: 'Draining for', unit: 's', queries: { '{{pod}}': max('switchboard_edge_drain_seconds', 'pod') } },
      ],
    },
    {
      title: 'Workers, where EDGE_WORKERS asks for more than one',
      panels: [
        { title: 'Workers', queries: { '{{phase}}': sum('switchboard_process_workers', 'phase') } },
        {
          title: 'Started again',
          unit: 'reqps',
          queries: { '{{cause}}': rate('switchboard_process_worker_ends_total', 'cause') },
        },
      ],
    },
  ],
  router: [
    {
      title: 'Entries',
      panels: [
        {
          title: 'Events in one entry',
          queries: times('switchboard_router_entry_events'),
          note: 'A busy room gathers more in each.',
        },
        {
          title: 'Sent again by clients',
          unit: 'reqps',
          queries: { 'found in {{found}}': rate('switchboard_router_duplicates_total', 'found') },
        },
      ],
    },
  ],
  storage: [
    {
      title: 'Partitions, bulks, questions',
      panels: [
        { title: 'Partitions', queries: { '{{pod}}': sum('switchboard_storage_partitions', 'pod') } },
        {
          title: 'Taken over',
          unit: 'reqps',
          queries: { '{{pod}}': rate('switchboard_storage_takeovers_total', 'pod') },
        },
        { title: 'Events in one bulk', queries: times('switchboard_storage_bulk_events') },
        {
          title: 'Questions by outcome',
          unit: 'reqps',
          queries: { '{{query}} {{outcome}}': rate('switchboard_storage_queries_total', 'query, outcome') },
        },
      ],
    },
  ],
  notifier: [],
}

const serviceDashboard = (service: Service, i: number): Dashboard => ({
  uid: `switchboard-${service}`,
  title: `Switchboard / ${i + 2} ${service.charAt(0).toUpperCase()}${service.slice(1)}`,
  note: `What the ${service}s do, then each channel in the order of the flow.`,
  rows: [
    { title: 'At a glance', panels: OWN[service] },
    ...MORE[service],
    ...MEASURED[service].map(([channel, ...measured]) => channelRow(service, channel, measured)),
    ofService(service),
  ],
})

const SERVICES: readonly Service[] = ['edge', 'router', 'storage', 'notifier']

/** In the order of the flow. */
export const DASHBOARDS: readonly Dashboard[] = [USERS, ...SERVICES.map(serviceDashboard), NATS, CAPACITY, DESKS]

/** The files of the chart: one for each dashboard. */
export const dashboardFiles = (folder: string): Record<string, string> =>
  Object.fromEntries(
    DASHBOARDS.map((one) => [`${folder}/${one.uid}.json`, `${JSON.stringify(grafana(one), null, 1)}\n`]),
  )
