/**
 * What dashboards and alerts may use of NATS itself: metrics of nats-io/prometheus-nats-exporter with `-prefix=nats -varz -jsz=all`,
 * as the official chart of NATS starts it. The names are those of a real one: `test/observe/nats-exporter.txt` is what it said.
 */
export const NATS_METRICS: ReadonlySet<string> = new Set([
  'nats_varz_connections',
  'nats_varz_mem',
  'nats_varz_cpu',
  'nats_varz_in_msgs',
  'nats_varz_out_msgs',
  'nats_varz_in_bytes',
  'nats_varz_out_bytes',
  'nats_varz_slow_consumers',
  'nats_varz_subscriptions',
  'nats_server_total_message_bytes',
  'nats_server_max_storage',
  'nats_stream_total_messages',
  'nats_stream_total_bytes',
  'nats_consumer_num_pending',
  'nats_consumer_num_ack_pending',
  'nats_consumer_num_redelivered',
])

/** What Prometheus itself, the kubelet and kube-state-metrics give in every such installation, and Node.js in every process. */
export const CLUSTER_METRICS: ReadonlySet<string> = new Set([
  'up',
  'container_cpu_usage_seconds_total',
  'container_memory_working_set_bytes',
  'kube_pod_container_resource_limits',
  'kube_pod_container_status_restarts_total',
  'kube_horizontalpodautoscaler_status_current_replicas',
  'kube_horizontalpodautoscaler_spec_max_replicas',
  'process_cpu_seconds_total',
  'process_resident_memory_bytes',
  'nodejs_heap_size_used_bytes',
])
