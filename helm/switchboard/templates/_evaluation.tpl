{{/* One pod of NATS or MongoDB, for trying it out: dict "root" $ "part" "nats" "port" 4222 "args" (list …) "folders" (dict …) "ready" (dict …) */}}
{{- define "switchboard.evaluation" -}}
{{- $own := get .root.Values.evaluation .part -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  replicas: 1
  # Never two at once on one folder.
  strategy: { type: Recreate }
  selector:
    matchLabels: {{- include "switchboard.selector" . | nindent 6 }}
  template:
    metadata:
      labels: {{- include "switchboard.labels" . | nindent 8 }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext: { seccompProfile: { type: RuntimeDefault } }
      containers:
        - name: {{ .part }}
          image: {{ $own.image | quote }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          args: {{- toYaml .args | nindent 12 }}
          ports: [{ name: {{ .part }}, containerPort: {{ .port }} }]
          securityContext: {{- toYaml $own.securityContext | nindent 12 }}
          startupProbe: {{- merge (dict "periodSeconds" 2 "timeoutSeconds" 5 "failureThreshold" 60) .ready | toYaml | nindent 12 }}
          readinessProbe: {{- merge (dict "periodSeconds" 5 "timeoutSeconds" 5) .ready | toYaml | nindent 12 }}
          livenessProbe: {{- merge (dict "periodSeconds" 10 "timeoutSeconds" 10 "failureThreshold" 12) .ready | toYaml | nindent 12 }}
          resources: {{- toYaml $own.resources | nindent 12 }}
          volumeMounts:
            {{- range $name, $folder := .folders }}
            - { name: {{ $name }}, mountPath: {{ $folder }} }
            {{- end }}
      volumes:
        {{- range $name, $folder := .folders }}
        - { name: {{ $name }}, emptyDir: {} }
        {{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ include "switchboard.name" . }}
  labels: {{- include "switchboard.labels" . | nindent 4 }}
spec:
  selector: {{- include "switchboard.selector" . | nindent 4 }}
  ports: [{ name: {{ .part }}, port: {{ .port }}, targetPort: {{ .part }} }]
{{- end -}}
