{{/* How a service scales: HorizontalPodAutoscaler or ScaledObject, by CPU and by its signal. dict "root" $ "part" "edge" */}}
{{- define "switchboard.autoscaler" -}}
{{- $own := get .root.Values .part -}}
{{- if $own.autoscaling.enabled -}}
{{- if eq .root.Values.autoscaling.engine "keda" }}{{ include "switchboard.scaledObject" . }}{{ else }}{{ include "switchboard.hpa" . }}{{ end -}}
{{- end -}}
{{- end -}}

{{/*
Connections do not move to a new pod by themselves, and leaving pods send theirs away: up at once, down slowly and one at a time.
*/}}
{{- define "switchboard.behavior" -}}
{{- $seconds := int .root.Values.autoscaling.scaleDownSeconds -}}
{{- if ne .part "edge" }}{{ $seconds = div $seconds 2 }}{{ end -}}
scaleUp:
  stabilizationWindowSeconds: 0
  policies:
    - { type: Percent, value: 100, periodSeconds: 60 }
    - { type: Pods, value: 2, periodSeconds: 60 }
  selectPolicy: Max
scaleDown:
  stabilizationWindowSeconds: {{ $seconds }}
  policies:
    - { type: Pods, value: 1, periodSeconds: {{ if eq .part "edge" }}120{{ else }}60{{ end }} }
{{- end -}}

{{- define "switchboard.hpa" -}}
{{- $own := get .root.Values .part -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: {{ include "switchboard.name" . }} }
  minReplicas: {{ $own.autoscaling.min }}
  maxReplicas: {{ $own.autoscaling.max }}
  metrics:
    - type: Resource
      resource: { name: cpu, target: { type: Utilization, averageUtilization: {{ $own.autoscaling.cpuPercent }} } }
    {{- if .root.Values.autoscaling.signals }}
    {{- if eq .part "notifier" }}
    - type: External
      external:
        metric: { name: nats_stream_total_messages, selector: { matchLabels: { stream_name: {{ .root.Values.nats.namespace }}-pushes } } }
        target: { type: AverageValue, averageValue: {{ $own.autoscaling.pending | quote }} }
    {{- else }}
    - type: Pods
      pods:
        {{- if eq .part "edge" }}
        metric: { name: switchboard_edge_connections }
        target: { type: AverageValue, averageValue: {{ $own.autoscaling.connections | quote }} }
        {{- else }}
        metric: { name: switchboard_channel_pending, selector: { matchLabels: { channel: {{ include "switchboard.signalChannel" . }} } } }
        target: { type: AverageValue, averageValue: {{ $own.autoscaling.pending | quote }} }
        {{- end }}
    {{- end }}
    {{- end }}
  behavior: {{- include "switchboard.behavior" . | nindent 4 }}
{{- end -}}

{{/* The channel whose records wait when a router or a storage has too much to do. */}}
{{- define "switchboard.signalChannel" -}}
{{- if eq .part "router" }}commands{{ else }}mongo{{ end -}}
{{- end -}}

{{- define "switchboard.scaledObject" -}}
{{- $own := get .root.Values .part -}}
{{- $pods := printf "namespace=%q, pod=~%q" .root.Release.Namespace (printf "%s-.*" (include "switchboard.name" .)) -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  scaleTargetRef: { name: {{ include "switchboard.name" . }} }
  minReplicaCount: {{ $own.autoscaling.min }}
  maxReplicaCount: {{ $own.autoscaling.max }}
  # Without an answer from Prometheus there are as many pods as before.
  fallback: { failureThreshold: 3, replicas: {{ $own.autoscaling.min }}, behavior: currentReplicasIfHigher }
  advanced:
    horizontalPodAutoscalerConfig:
      name: {{ include "switchboard.name" . }}
      behavior: {{- include "switchboard.behavior" . | nindent 8 }}
  triggers:
    - type: cpu
      metricType: Utilization
      metadata: { value: {{ $own.autoscaling.cpuPercent | quote }} }
    - type: prometheus
      metricType: AverageValue
      metadata:
        serverAddress: {{ .root.Values.autoscaling.prometheusUrl | quote }}
        {{- if eq .part "edge" }}
        query: {{ printf "sum(switchboard_edge_connections{%s})" $pods | quote }}
        threshold: {{ $own.autoscaling.connections | quote }}
        {{- else if eq .part "notifier" }}
        query: {{ printf "max(nats_stream_total_messages{stream_name=%q})" (printf "%s-pushes" .root.Values.nats.namespace) | quote }}
        threshold: {{ $own.autoscaling.pending | quote }}
        {{- else }}
        query: {{ printf "sum(switchboard_channel_pending{channel=%q, %s})" (include "switchboard.signalChannel" .) $pods | quote }}
        threshold: {{ $own.autoscaling.pending | quote }}
        {{- end }}
{{- end -}}

{{- define "switchboard.pdb" -}}
{{- if and .root.Values.podDisruptionBudget.enabled (gt (int (include "switchboard.podsMin" .)) 1) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  # A pod that never becomes ready must not keep a node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "switchboard.selector" . | nindent 6 }}
{{- end -}}
{{- end -}}
