import type { ChartValues } from '../../../charts/values-schema.ts'

type Some<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [K in keyof T]?: Some<T[K]> }
    : T

/** Values that enable every object of the chart. */
export const buildFullValues = (watchNamespaces: readonly string[]): Some<ChartValues> => ({
  global: { imageRegistry: 'mirror.example.org/neco' },
  fullnameOverride: 'neco',
  replicas: 3,
  image: { digest: `sha256:${'a'.repeat(64)}`, pullPolicy: 'Always' },
  imagePullSecrets: ['mirror'],
  logLevel: 'debug',
  watchNamespaces: [...watchNamespaces],
  defaults: {
    image: { tag: 'v2', pullPolicy: 'Always' },
    imagePullSecrets: ['mirror'],
    storage: { claim: 'studies', path: 'neco' },
    jobSeconds: 600,
    evaluatorResources: {
      requests: { cpu: '500m', memory: '2Gi' },
      limits: { memory: '2Gi' },
    },
  },
  nats: {
    servers: ['tls://nats.nats.svc:4222'],
    podServers: ['tls://nats.example.org:4443'],
    account: `A${'B'.repeat(55)}`,
    signingKey: { secretName: 'neco-nats', key: 'signing' },
    credentials: { secretName: 'neco-nats', key: 'operator' },
    ca: { secretName: 'neco-nats-ca' },
    credentialsDays: 7,
    streamReplicas: 3,
    keepReportsDays: 90,
  },
  concurrency: 16,
  releaseLostNodesAfterSeconds: 600,
  lease: { durationSeconds: 6, renewSeconds: 4, retrySeconds: 1 },
  metrics: {
    service: { annotations: { 'prometheus.io/scrape': 'true' } },
    podMonitor: { enabled: true, labels: { release: 'monitoring' } },
  },
  dashboard: { enabled: true, labels: { team: 'vision' } },
  networkPolicy: {
    enabled: true,
    scrapeFrom: [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } },
    ],
  },
  serviceAccount: { annotations: { 'example.org/owner': 'vision' } },
  podAnnotations: { 'example.org/owner': 'vision' },
  podLabels: { 'example.org/tier': 'control' },
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'kubernetes.io/arch', operator: 'In', values: ['amd64'] }] },
        ],
      },
    },
  },
  priorityClassName: 'system-cluster-critical',
})
