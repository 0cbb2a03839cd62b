{{/* The name of everything that is made. */}}
{{- define "neco.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What is made for the whole cluster carries the namespace too, so that two releases do not meet. */}}
{{- define "neco.clusterName" -}}
{{- printf "%s:%s" .Release.Namespace (include "neco.fullname" .) -}}
{{- end -}}

{{- define "neco.selectorLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "neco.labels" -}}
{{ include "neco.selectorLabels" . }}
app.kubernetes.io/part-of: neco
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "neco.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "neco.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* A reference of an image: (dict "root" $ "image" .Values.image). */}}
{{- define "neco.image" -}}
{{- $global := default (dict) .root.Values.global -}}
{{- $registry := default .image.registry $global.imageRegistry -}}
{{- if $registry }}{{ trimSuffix "/" $registry }}/{{ end -}}
{{- .image.repository -}}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ default .root.Chart.AppVersion .image.tag }}{{ end -}}
{{- end -}}

{{- define "neco.natsFolder" -}}/etc/neco-nats{{- end -}}

{{/* The files that NATS needs, by name: each from its Secret. Refuses half of a signing key. */}}
{{- define "neco.natsFiles" -}}
{{- $nats := .Values.nats -}}
{{- if and $nats.signingKey.secretName (not $nats.account) -}}
{{- fail "nats.account is needed with nats.signingKey: the public key of the account (A…)" -}}
{{- end -}}
{{- if and $nats.account (not $nats.signingKey.secretName) -}}
{{- fail "nats.signingKey.secretName is needed with nats.account: the Secret with a signing key of the account" -}}
{{- end -}}
{{- $files := dict -}}
{{- if $nats.servers -}}
{{- if $nats.signingKey.secretName }}{{ $_ := set $files "signing.nk" $nats.signingKey }}{{ end -}}
{{- if $nats.credentials.secretName }}{{ $_ := set $files "user.creds" $nats.credentials }}{{ end -}}
{{- if $nats.ca.secretName }}{{ $_ := set $files "ca.crt" $nats.ca }}{{ end -}}
{{- end -}}
{{- toYaml $files -}}
{{- end -}}

{{- define "neco.natsConfig" -}}
{{- $files := include "neco.natsFiles" . | fromYaml -}}
{{- $folder := include "neco.natsFolder" . -}}
servers: {{ toJson .Values.nats.servers }}
{{- with .Values.nats.podServers }}
podServers: {{ toJson . }}
{{- end }}
{{- if hasKey $files "ca.crt" }}
caFile: {{ $folder }}/ca.crt
{{- end }}
{{- if hasKey $files "user.creds" }}
credentialsFile: {{ $folder }}/user.creds
{{- end }}
{{- if hasKey $files "signing.nk" }}
accountSigningKeyFile: {{ $folder }}/signing.nk
account: {{ .Values.nats.account }}
{{- end }}
credentialsDays: {{ .Values.nats.credentialsDays }}
streamReplicas: {{ .Values.nats.streamReplicas }}
keepReportsDays: {{ .Values.nats.keepReportsDays }}
{{- end -}}

{{/* What the operator reads with --config. */}}
{{- define "neco.config" -}}
{{- $lease := .Values.lease -}}
{{- if or (ge (int $lease.retrySeconds) (int $lease.renewSeconds)) (ge (int $lease.renewSeconds) (int $lease.durationSeconds)) -}}
{{- fail "lease: retrySeconds must be less than renewSeconds, and that less than durationSeconds" -}}
{{- end -}}
{{- $defaults := .Values.defaults -}}
defaults:
  image: {{ include "neco.image" (dict "root" . "image" $defaults.image) }}
  {{- with $defaults.image.pullPolicy }}
  imagePullPolicy: {{ . }}
  {{- end }}
  imagePullSecrets: {{ toJson $defaults.imagePullSecrets }}
  {{- with $defaults.storage }}
  {{- if .claim }}
  storage:
    claim: {{ .claim }}
    {{- with .path }}
    path: {{ . | quote }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with $defaults.resources }}
  resources: {{ toJson . }}
  {{- end }}
  {{- with $defaults.evaluatorResources }}
  evaluatorResources: {{ toJson . }}
  {{- end }}
  jobSeconds: {{ $defaults.jobSeconds }}
  metricsPort: {{ $defaults.metricsPort }}
{{- if .Values.nats.servers }}
nats:
  {{- include "neco.natsConfig" . | nindent 2 }}
{{- end }}
lease:
  name: {{ include "neco.fullname" . }}
  namespace: {{ .Release.Namespace }}
  {{- toYaml .Values.lease | nindent 2 }}
ports:
  metrics: {{ .Values.metrics.port }}
  health: {{ .Values.health.port }}
watchNamespaces: {{ toJson .Values.watchNamespaces }}
concurrency: {{ .Values.concurrency }}
{{- with .Values.releaseLostNodesAfterSeconds }}
releaseLostNodesAfterSeconds: {{ . }}
{{- end }}
log:
  level: {{ .Values.logLevel }}
metrics:
  maxSeries: {{ .Values.metrics.maxSeries }}
{{- end -}}

{{/* The pods of runs, in whatever namespace. */}}
{{- define "neco.studyPodLabels" -}}
app.kubernetes.io/managed-by: neco-operator
{{- end -}}

{{/* The ports in the URLs of NATS, as a JSON list; 4222 by default. */}}
{{- define "neco.natsPorts" -}}
{{- $ports := list -}}
{{- range concat .Values.nats.servers .Values.nats.podServers -}}
{{- $host := (urlParse .).host -}}
{{- $ports = append $ports (regexFind "[0-9]+$" (regexFind ":[0-9]+$" $host) | default "4222" | int) -}}
{{- end -}}
{{- $ports | uniq | toJson -}}
{{- end -}}

{{- define "neco.dnsEgress" -}}
- ports:
    - port: 53
      protocol: UDP
    - port: 53
      protocol: TCP
{{- end -}}
