{{/* Where NATS and MongoDB are, in one place. Each gives `name` and `key` of a Secret. */}}
{{- define "switchboard.connectionSecret" -}}
{{- $given := get .root.Values .backing -}}
{{- if $given.existingSecret -}}
name: {{ $given.existingSecret | quote }}
key: {{ $given.key | quote }}
{{- else -}}
name: {{ include "switchboard.name" (dict "root" .root "part" "connections") }}
key: {{ .backing }}
{{- end -}}
{{- end -}}

{{- define "switchboard.natsUrl" -}}
{{- if .Values.evaluation.enabled -}}
nats://{{ include "switchboard.name" (dict "root" . "part" "nats") }}:4222
{{- else -}}
{{ .Values.nats.url }}
{{- end -}}
{{- end -}}

{{- define "switchboard.mongodbUrl" -}}
{{- if .Values.evaluation.enabled -}}
mongodb://{{ include "switchboard.name" (dict "root" . "part" "mongodb") }}:27017/?directConnection=true
{{- else -}}
{{ .Values.mongodb.url }}
{{- end -}}
{{- end -}}

{{/* Streams of one node have one copy. */}}
{{- define "switchboard.natsReplicas" -}}
{{- if .Values.evaluation.enabled }}1{{ else }}{{ int .Values.nats.replicas }}{{ end -}}
{{- end -}}

{{- define "switchboard.signingKeySecret" -}}
{{- $given := .Values.edge.signingKey -}}
{{- if $given.existingSecret -}}
name: {{ $given.existingSecret | quote }}
key: {{ $given.key | quote }}
{{- else -}}
name: {{ include "switchboard.name" (dict "root" . "part" "signing-key") }}
key: JWT_PRIVATE_KEY
{{- end -}}
{{- end -}}
