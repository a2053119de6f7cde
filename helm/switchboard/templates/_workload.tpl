{{/* The one Deployment. */}}
{{- define "switchboard.deployment" -}}
{{- $root := .root -}}
{{- $part := .part -}}
{{- $own := get $root.Values $part -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  {{- if not $own.autoscaling.enabled }}
  replicas: {{ $own.replicas }}
  {{- end }}
  selector:
    matchLabels: {{- include "switchboard.selector" . | nindent 6 }}
  strategy:
    type: RollingUpdate
    rollingUpdate:
      # One more before one less: nobody is sent away to pods that are full.
      maxUnavailable: 0
      maxSurge: 1
  template:
    metadata:
      labels:
        {{- include "switchboard.labels" . | nindent 8 }}
        {{- with $own.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      annotations:
        # New pods when an address that the release itself keeps has changed.
        switchboard/connections: {{ printf "%s %s" (include "switchboard.natsUrl" $root) (include "switchboard.mongodbUrl" $root) | sha256sum | trunc 16 }}
        {{- with $own.podAnnotations }}{{ toYaml . | nindent 8 }}{{ end }}
    spec:
      {{- include "switchboard.podSpec" . | nindent 6 }}
{{- end -}}

{{- define "switchboard.podSpec" -}}
{{- $root := .root -}}
{{- $part := .part -}}
{{- $own := get $root.Values $part -}}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: {{ include "switchboard.graceSeconds" . }}
{{- with $root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: topology.kubernetes.io/zone
    whenUnsatisfiable: {{ $root.Values.topologySpread.zones }}
    labelSelector: &pods
      matchLabels: {{- include "switchboard.selector" . | nindent 8 }}
    matchLabelKeys: [pod-template-hash]
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: {{ $root.Values.topologySpread.hosts }}
    labelSelector: *pods
    matchLabelKeys: [pod-template-hash]
containers:
  - name: {{ $part }}
    image: {{ include "switchboard.image" . | quote }}
    imagePullPolicy: {{ $root.Values.image.pullPolicy }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    env: {{- include "switchboard.env" . | nindent 6 }}
    ports:
      - { name: operator, containerPort: {{ include "switchboard.operatorPort" . }} }
      {{- if eq $part "edge" }}
      - { name: http, containerPort: {{ include "switchboard.httpPort" . }} }
      {{- if $own.tcp.enabled }}
      - { name: frames, containerPort: {{ $own.tcp.port }} }
      {{- end }}
      {{- end }}
    # On a node that is busy with starting much else, a process may take a minute for its first answer.
    startupProbe:
      httpGet: { path: /live, port: operator }
      periodSeconds: 2
      timeoutSeconds: 5
      failureThreshold: 60
    livenessProbe:
      httpGet: { path: /live, port: operator }
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 6
    readinessProbe:
      httpGet: { path: /ready, port: operator }
      periodSeconds: 3
      timeoutSeconds: 3
      failureThreshold: 2
    {{- if eq $part "edge" }}
    lifecycle:
      preStop:
        sleep: { seconds: {{ max 1 (int $own.preStopSeconds) }} }
    {{- end }}
    resources: {{- toYaml $own.resources | nindent 6 }}
{{- end -}}
