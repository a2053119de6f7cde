{{- define "switchboard.fullname" -}}
{{- if contains "switchboard" .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-switchboard" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* Of one part of the release: dict "root" $ "part" "edge" */}}
{{- define "switchboard.name" -}}
{{- printf "%s-%s" (include "switchboard.fullname" .root) .part -}}
{{- end -}}

{{/* What never changes of a part: selectors are made of it. */}}
{{- define "switchboard.selector" -}}
app.kubernetes.io/name: switchboard
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{- define "switchboard.labels" -}}
{{ include "switchboard.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/part-of: switchboard
{{- end -}}

{{- define "switchboard.image" -}}
{{- $image := .root.Values.image -}}
{{- $name := printf "switchboard-%s" .part -}}
{{- with $image.registry }}{{ $name = printf "%s/%s" . $name }}{{ end -}}
{{- $digest := get $image.digests .part -}}
{{- if $digest }}{{ printf "%s@%s" $name $digest }}{{ else }}{{ printf "%s:%s" $name (default .root.Chart.AppVersion $image.tag) }}{{ end -}}
{{- end -}}

{{/* Pods at least: 1 where nothing scales and one is asked for. */}}
{{- define "switchboard.podsMin" -}}
{{- $own := get .root.Values .part -}}
{{- if $own.autoscaling.enabled }}{{ int $own.autoscaling.min }}{{ else }}{{ int $own.replicas }}{{ end -}}
{{- end -}}

{{/*
From SIGTERM to SIGKILL. An edge: the pause before it drains, the drain itself, and the 20 seconds that docs/operations.md asks for;
the others give back what they hold. Ten seconds more than that, so that a process ends itself.
*/}}
{{- define "switchboard.graceSeconds" -}}
{{- if eq .part "edge" -}}
{{- $edge := .root.Values.edge -}}
{{- $drain := 60 -}}
{{- if hasKey $edge.settings "DRAIN_SECONDS_MAX" }}{{ $drain = int $edge.settings.DRAIN_SECONDS_MAX }}{{ end -}}
{{- add $edge.preStopSeconds $drain 20 10 -}}
{{- else -}}
40
{{- end -}}
{{- end -}}

{{- define "switchboard.operatorPort" -}}9100{{- end -}}
{{- define "switchboard.httpPort" -}}8080{{- end -}}
