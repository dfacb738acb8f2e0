{{/* Labels of a component, which are its selector, too. */}}
{{- define "stowage.selector" -}}
app.kubernetes.io/name: stowage
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* Labels of an object. */}}
{{- define "stowage.labels" -}}
app.kubernetes.io/name: stowage
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
stage: {{ .stage }}
{{- end }}

{{/* What the pods of all components have in common. `secrets` are the keys that the component reads. */}}
{{- define "stowage.pod" -}}
automountServiceAccountToken: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
volumes:
  - { name: tmp, emptyDir: { medium: Memory, sizeLimit: 64Mi } }
  - name: secrets
    secret:
      secretName: {{ .root.Values.secretName }}
      defaultMode: 0440
      items:
        {{- range .secrets }}
        - { key: {{ . }}, path: {{ . }} }
        {{- end }}
{{- end }}

{{/* What the containers of all components have in common. */}}
{{- define "stowage.container" -}}
name: {{ .component }}
image: {{ with .root.Values.image.registry }}{{ . }}/{{ end }}stowage-{{ .component }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- with .root.Values.image.pullPolicy }}
imagePullPolicy: {{ . }}
{{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
resources: {{ toYaml (index .root.Values .component).resources | nindent 2 }}
volumeMounts:
  - { name: tmp, mountPath: /tmp }
  - { name: secrets, mountPath: /run/secrets, readOnly: true }
{{- end }}

{{/* The spread of a component's pods over nodes. */}}
{{- define "stowage.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "stowage.selector" . | nindent 8 }}
{{- end }}

{{/* Probes of a process; `readySeconds` is the time between two checks of its readiness. */}}
{{- define "stowage.probes" -}}
startupProbe:
  httpGet: { path: /health/startup, port: http }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /health/live, port: http }
  periodSeconds: 10
  timeoutSeconds: 3
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /health/ready, port: http }
  periodSeconds: {{ .readySeconds }}
  timeoutSeconds: 3
  failureThreshold: 2
{{- end }}

{{/* More settings of a component. */}}
{{- define "stowage.env" -}}
{{- range $name, $value := . }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}
