/** What has no value as long as all is well: a label that only an accident brings about. The metric itself must be there. */
export const CALM: readonly { readonly finds: RegExp; readonly reason: string }[] = [
  { finds: /switchboard_edge_admission_refusals_total/, reason: 'nobody is turned away' },
  { finds: /switchboard_edge_slow_total/, reason: 'every client reads' },
  { finds: /switchboard_edge_feed_repairs_total/, reason: 'no feed has a hole' },
  { finds: /switchboard_process_worker_ends_total/, reason: 'no worker ends' },
  { finds: /switchboard_notifier_circuit_open/, reason: 'the provider takes our credentials' },
  { finds: /outcome=~"drop\|retry\|credential"/, reason: 'no push fails' },
  { finds: /channel="dead"/, reason: 'nothing is poison' },
  { finds: /switchboard_channel_messages_total\{channel="replies",\s*outcome="timeout"\}/, reason: 'routers answer' },
  { finds: /switchboard_router_desk_breaches_total/, reason: 'no desk promises anything here' },
  { finds: /desk_conversations\{state="queued"\}\) > 0/, reason: 'nobody waits at a desk' },
  { finds: /\bkube_/, reason: 'kube-state-metrics needs a cluster; test/cluster has one' },
]
