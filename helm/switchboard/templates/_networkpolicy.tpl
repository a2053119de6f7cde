{{/* What every service needs: Prometheus comes in, names are asked for, NATS is reached. The rest is said by each service itself. */}}
{{- define "switchboard.policyHead" -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  podSelector:
    matchLabels: {{- include "switchboard.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
{{- end -}}

{{- define "switchboard.fromMonitoring" -}}
- ports: [{ port: operator, protocol: TCP }]
  from:
    {{- if .Values.networkPolicy.monitoring }}
    {{- toYaml .Values.networkPolicy.monitoring | nindent 4 }}
    {{- else }}
    - namespaceSelector: {}
    {{- end }}
{{- end -}}

{{- define "switchboard.toNames" -}}
- ports: [{ port: 53, protocol: UDP }, { port: 53, protocol: TCP }]
{{- end -}}

{{- define "switchboard.toTraces" -}}
{{- if .Values.traces.url }}
- ports: [{ port: {{ .Values.networkPolicy.tracesPort }}, protocol: TCP }]
  {{- with .Values.networkPolicy.traces }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* dict "root" $ "backing" "nats" */}}
{{- define "switchboard.toBacking" -}}
{{- $policy := .root.Values.networkPolicy -}}
- ports: [{ port: {{ get $policy (printf "%sPort" .backing) }}, protocol: TCP }]
  {{- if .root.Values.evaluation.enabled }}
  to:
    - podSelector:
        matchLabels: {{- include "switchboard.selector" (dict "root" .root "part" .backing) | nindent 10 }}
  {{- else }}
  {{- with get $policy .backing }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
{{- end -}}

{{- define "switchboard.toHttps" -}}
- ports: [{ port: 443, protocol: TCP }]
{{- end -}}
