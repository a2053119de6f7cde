{{/* The environment of a service: names as in its table of settings, and nowhere else. */}}
{{- define "switchboard.env" -}}
{{- $root := .root -}}
{{- $own := get $root.Values .part -}}
- name: NATS_URL
  valueFrom: { secretKeyRef: {{ include "switchboard.connectionSecret" (dict "root" $root "backing" "nats") | fromYaml | toJson }} }
- name: NATS_NAMESPACE
  value: {{ $root.Values.nats.namespace | quote }}
- name: NATS_REPLICAS
  value: {{ include "switchboard.natsReplicas" $root | quote }}
- name: OPERATOR_PORT
  value: {{ include "switchboard.operatorPort" . | quote }}
{{- with $root.Values.traces }}
{{- if .url }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .url | quote }}
{{- end }}
{{- if .existingSecret }}
- name: OTEL_EXPORTER_OTLP_HEADERS
  valueFrom: { secretKeyRef: { name: {{ .existingSecret | quote }}, key: {{ .key | quote }} } }
{{- end }}
{{- end }}
{{- if eq .part "edge" }}
{{ include "switchboard.edgeEnv" . }}
{{- else if eq .part "storage" }}
- name: MONGO_URL
  valueFrom: { secretKeyRef: {{ include "switchboard.connectionSecret" (dict "root" $root "backing" "mongodb") | fromYaml | toJson }} }
- name: MONGO_DATABASE
  value: {{ $root.Values.mongodb.database | quote }}
{{- else if eq .part "notifier" }}
{{- with $own.credentials.existingSecret }}
{{- $secret := . }}
{{- range list "APNS_KEY" "FCM_SERVICE_ACCOUNT" "VAPID_PRIVATE_KEY" }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $secret | quote }}, key: {{ . }}, optional: true } }
{{- end }}
{{- end }}
{{- end }}
{{- range $name, $value := $own.settings }}
- name: {{ $name }}
  value: {{ if kindIs "slice" $value }}{{ join "," $value | quote }}{{ else if kindIs "float64" $value }}{{ int64 $value | quote }}{{ else }}{{ $value | toString | quote }}{{ end }}
{{- end }}
{{- with $own.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "switchboard.edgeEnv" -}}
{{- $root := .root -}}
{{- $edge := $root.Values.edge -}}
- name: PORT
  value: {{ include "switchboard.httpPort" . | quote }}
{{- if $edge.page }}
- name: WEB_DIR
  value: /app/web
{{- end }}
{{- if $edge.tcp.enabled }}
- name: TCP_PORT
  value: {{ $edge.tcp.port | quote }}
{{- end }}
{{- if $edge.accounts }}
- name: JWT_PRIVATE_KEY
  valueFrom: { secretKeyRef: {{ include "switchboard.signingKeySecret" $root | fromYaml | toJson }} }
{{- end }}
{{- with $edge.apiKeys.existingSecret }}
- name: API_KEYS
  valueFrom: { secretKeyRef: { name: {{ . | quote }}, key: {{ $edge.apiKeys.key | quote }} } }
{{- end }}
{{- if and (or $edge.ingress.enabled $edge.gateway.enabled) (not (hasKey $edge.settings "PROXY_HOPS")) }}
{{- /* One proxy stands before the edges: limits count clients, not the proxy. */}}
- name: PROXY_HOPS
  value: "1"
{{- end }}
{{- end -}}
