/** Series as `promtool test rules` writes them, one value a minute: `0+60x30` grows by one a second for half an hour. */
export type Series = Readonly<Record<string, string>>

export interface AlertCase {
  readonly rings: Series
  /** Nearly the same, and nobody is woken. */
  readonly quiet: Series
  /** By when it rings, in minutes. */
  readonly minutes: number
  /** Of the alert, besides its severity. */
  readonly labels: Readonly<Record<string, string>>
}

const HERE = 'namespace="chat"'
const chat = { namespace: 'chat' }
const messages = (labels: string): string => `switchboard_channel_messages_total{${HERE}, ${labels}}`
const commit = (le: string): string => `switchboard_router_commit_seconds_bucket{${HERE}, le="${le}"}`
const storage = (pod: string): string => `switchboard_storage_partitions{${HERE}, pod="${pod}"}`
const router = (pod: string): string => `switchboard_router_partitions{${HERE}, pod="${pod}"}`
const desk = (metric: string, labels = ''): string =>
  `switchboard_router_desk_${metric}{${[HERE, labels].filter(Boolean).join(', ')}}`
const deskWait = (le: string): string => desk('wait_seconds_bucket', `le="${le}"`)
const scaler = 'horizontalpodautoscaler="chat-switchboard-edge"'

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  SwitchboardRepliesTimeOut: {
    rings: {
      [messages('channel="replies", outcome="done"')]: '0+900x30',
      [messages('channel="replies", outcome="timeout"')]: '0+60x30',
    },
    quiet: {
      [messages('channel="replies", outcome="done"')]: '0+9000x30',
      [messages('channel="replies", outcome="timeout"')]: '0+60x30',
    },
    minutes: 15,
    labels: chat,
  },
  SwitchboardPartitionsUnowned: {
    rings: { [router('a')]: '32x30', [router('b')]: '31x30' },
    quiet: { [router('a')]: '32x30', [router('b')]: '32x30' },
    minutes: 3,
    labels: chat,
  },
  SwitchboardStoragePartitionsUnowned: {
    rings: { [storage('a')]: '63x30' },
    quiet: { [storage('a')]: '30x30', [storage('b')]: '34x30' },
    minutes: 6,
    labels: chat,
  },
  SwitchboardEdgesRefuse: {
    rings: { [`switchboard_edge_admission_refusals_total{${HERE}, cause="full", way="connection"}`]: '0+120x30' },
    quiet: { [`switchboard_edge_admission_refusals_total{${HERE}, cause="storm", way="connection"}`]: '0+9000x30' },
    minutes: 10,
    labels: { ...chat, cause: 'full' },
  },
  SwitchboardEdgesNearlyFull: {
    rings: {
      [`switchboard_edge_connections{${HERE}, pod="a", transport="websocket"}`]: '15900x30',
      [`switchboard_edge_connections{${HERE}, pod="a", transport="tcp"}`]: '200x30',
    },
    quiet: {
      [`switchboard_edge_connections{${HERE}, pod="a", transport="websocket"}`]: '15900x30',
      [`switchboard_edge_connections{${HERE}, pod="b", transport="websocket"}`]: '15900x30',
    },
    minutes: 6,
    labels: { ...chat, pod: 'a' },
  },
  SwitchboardClientsTooSlow: {
    rings: {
      [`switchboard_edge_slow_total{${HERE}, cause="full"}`]: '0+10x60',
      [`switchboard_edge_connections{${HERE}}`]: '1000x60',
    },
    quiet: {
      [`switchboard_edge_slow_total{${HERE}, cause="full"}`]: '0+10x60',
      [`switchboard_edge_connections{${HERE}}`]: '10000x60',
    },
    minutes: 25,
    labels: chat,
  },
  SwitchboardFeedsMended: {
    rings: { [`switchboard_edge_feed_repairs_total{${HERE}, cause="hole"}`]: '0+120x60' },
    quiet: { [`switchboard_edge_feed_repairs_total{${HERE}, cause="hole"}`]: '0+30x60' },
    minutes: 25,
    labels: chat,
  },
  SwitchboardCommitsSlow: {
    rings: { [commit('1')]: '0+90x60', [commit('2.5')]: '0+100x60', [commit('+Inf')]: '0+100x60' },
    quiet: { [commit('0.5')]: '0+995x60', [commit('1')]: '0+999x60', [commit('+Inf')]: '0+1000x60' },
    minutes: 20,
    labels: chat,
  },
  SwitchboardCommandsPileUp: {
    rings: { [`switchboard_channel_pending{${HERE}, channel="commands", service="router", pod="a"}`]: '12000x30' },
    quiet: { [`switchboard_channel_pending{${HERE}, channel="replies", service="edge", pod="a"}`]: '12000x30' },
    minutes: 6,
    labels: { ...chat, pod: 'a' },
  },
  SwitchboardPartitionsWander: {
    rings: { [`switchboard_router_takeovers_total{${HERE}, pod="a"}`]: '0+64x60' },
    // A rolling upgrade: each partition moves a few times, once.
    quiet: { [`switchboard_router_takeovers_total{${HERE}, pod="a"}`]: '0+64x4 256x60' },
    minutes: 40,
    labels: chat,
  },
  SwitchboardStorageBehind: {
    rings: { [`switchboard_storage_lag_seconds{${HERE}, pod="a"}`]: '90x30' },
    quiet: { [`switchboard_storage_lag_seconds{${HERE}, pod="a"}`]: '90x3 0x30' },
    minutes: 6,
    labels: chat,
  },
  SwitchboardDeadLetters: {
    rings: { [messages('channel="dead", direction="out", outcome="done", service="storage"')]: '0x10 1x50' },
    quiet: { [messages('channel="dead", direction="out", outcome="done", service="storage"')]: '7x60' },
    minutes: 15,
    labels: { ...chat, service: 'storage' },
  },
  SwitchboardPushCredentialRefused: {
    rings: { [`switchboard_notifier_circuit_open{${HERE}, provider="apns"}`]: '1x30' },
    quiet: { [`switchboard_notifier_circuit_open{${HERE}, provider="apns"}`]: '1x2 0x30' },
    minutes: 6,
    labels: { ...chat, provider: 'apns' },
  },
  SwitchboardDeskWithoutAgents: {
    rings: { [desk('conversations', 'state="queued"')]: '3x30', [desk('agents', 'status="online"')]: '0x30' },
    quiet: { [desk('conversations', 'state="queued"')]: '3x30', [desk('agents', 'status="online"')]: '1x30' },
    minutes: 6,
    labels: chat,
  },
  SwitchboardDeskWaitsLong: {
    rings: {
      [deskWait('60')]: '0+60x40',
      [deskWait('300')]: '0+60x40',
      [deskWait('600')]: '0+90x40',
      [deskWait('+Inf')]: '0+90x40',
    },
    quiet: {
      [deskWait('60')]: '0+60x40',
      [deskWait('300')]: '0+90x40',
      [deskWait('600')]: '0+90x40',
      [deskWait('+Inf')]: '0+90x40',
    },
    minutes: 14,
    labels: chat,
  },
  SwitchboardDeskAbandoned: {
    rings: { [desk('abandoned_total')]: '0+30x40', [desk('changes_total', 'change="entered"')]: '0+90x40' },
    quiet: { [desk('abandoned_total')]: '0+9x40', [desk('changes_total', 'change="entered"')]: '0+90x40' },
    minutes: 18,
    labels: chat,
  },
  SwitchboardDeskFull: {
    rings: {
      [desk('conversations', 'state="queued"')]: '3x30',
      [desk('agents', 'status="online"')]: '2x30',
      [desk('capacity', 'use="free"')]: '0x30',
    },
    quiet: {
      [desk('conversations', 'state="queued"')]: '3x30',
      [desk('agents', 'status="online"')]: '2x30',
      [desk('capacity', 'use="free"')]: '1x30',
    },
    minutes: 12,
    labels: chat,
  },
  SwitchboardDeskBreaches: {
    rings: { [desk('breaches_total', 'breach="waiting"')]: '0+1x40' },
    quiet: { [desk('breaches_total', 'breach="waiting"')]: '0+0.5x40' },
    minutes: 20,
    labels: { ...chat, breach: 'waiting' },
  },
  SwitchboardPushesFail: {
    rings: {
      [`switchboard_notifier_pushes_total{${HERE}, provider="fcm", outcome="retry"}`]: '0+30x60',
      [`switchboard_notifier_pushes_total{${HERE}, provider="fcm", outcome="accepted"}`]: '0+70x60',
    },
    quiet: {
      [`switchboard_notifier_pushes_total{${HERE}, provider="fcm", outcome="already-read"}`]: '0+90x60',
      [`switchboard_notifier_pushes_total{${HERE}, provider="fcm", outcome="accepted"}`]: '0+10x60',
    },
    minutes: 35,
    labels: { ...chat, provider: 'fcm' },
  },
  SwitchboardWebhooksFail: {
    rings: { [`switchboard_notifier_webhooks_held{${HERE}, pod="notifier-1"}`]: '1x60' },
    quiet: { [`switchboard_notifier_webhooks_held{${HERE}, pod="notifier-1"}`]: '1x20 0x40' },
    minutes: 35,
    labels: chat,
  },
  SwitchboardPushesWait: {
    rings: { [`nats_stream_total_messages{${HERE}, stream_name="sb-pushes"}`]: '20000x30' },
    quiet: { [`nats_stream_total_messages{${HERE}, stream_name="sb-log-0"}`]: '20000x30' },
    minutes: 12,
    labels: { ...chat, stream_name: 'sb-pushes' },
  },
  SwitchboardLoopLags: {
    rings: { [`switchboard_process_loop_lag_seconds{${HERE}, service="edge", pod="a"}`]: '0.4x30' },
    quiet: { [`switchboard_process_loop_lag_seconds{${HERE}, service="edge", pod="a"}`]: '0.05x30' },
    minutes: 6,
    labels: { ...chat, service: 'edge', pod: 'a' },
  },
  SwitchboardRestarts: {
    rings: {
      [`kube_pod_container_status_restarts_total{${HERE}, pod="chat-switchboard-edge-1", container="edge"}`]: '0+1x20',
    },
    quiet: {
      [`kube_pod_container_status_restarts_total{${HERE}, pod="other-1", container="edge"}`]: '0+1x20',
      [`kube_pod_container_status_restarts_total{${HERE}, pod="chat-switchboard-edge-1", container="edge"}`]: '3x20',
    },
    minutes: 12,
    labels: { ...chat, pod: 'chat-switchboard-edge-1', container: 'edge' },
  },
  SwitchboardAtMostPods: {
    rings: {
      [`kube_horizontalpodautoscaler_status_current_replicas{${HERE}, ${scaler}}`]: '10x60',
      [`kube_horizontalpodautoscaler_spec_max_replicas{${HERE}, ${scaler}}`]: '10x60',
    },
    quiet: {
      [`kube_horizontalpodautoscaler_status_current_replicas{${HERE}, ${scaler}}`]: '9x60',
      [`kube_horizontalpodautoscaler_spec_max_replicas{${HERE}, ${scaler}}`]: '10x60',
    },
    minutes: 35,
    labels: { ...chat, horizontalpodautoscaler: 'chat-switchboard-edge' },
  },
  SwitchboardNatsDiskFull: {
    rings: {
      [`nats_server_total_message_bytes{${HERE}, server_name="nats-0"}`]: '90x30',
      [`nats_server_max_storage{${HERE}, server_name="nats-0"}`]: '100x30',
    },
    // Without a bound there is nothing to be full.
    quiet: {
      [`nats_server_total_message_bytes{${HERE}, server_name="nats-0"}`]: '90x30',
      [`nats_server_max_storage{${HERE}, server_name="nats-0"}`]: '-1x30',
    },
    minutes: 6,
    labels: { ...chat, server_name: 'nats-0' },
  },
  SwitchboardNatsSlowConsumers: {
    rings: { [`nats_varz_slow_consumers{${HERE}, server_id="nats-0"}`]: '0x5 1x30' },
    quiet: { [`nats_varz_slow_consumers{${HERE}, server_id="nats-0"}`]: '5x30' },
    minutes: 8,
    labels: { ...chat, server_id: 'nats-0' },
  },
}
