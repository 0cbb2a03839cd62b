import * as z from 'zod'
import { Resources, Toleration } from '../crds/spec/pod.ts'

const text = z.string()
const texts = z.record(text, text)
const names = z.array(text.min(1))
const flag = z.boolean()
const port = z.int32().min(1024).max(65_535)
const seconds = z.int32().min(1)

/** A value that Kubernetes itself checks: an object of its API. */
const kubernetesObject = z.looseObject({})

const Image = z.strictObject({
  registry: text
    .optional()
    .describe('registry is the host to pull from; global.imageRegistry wins.'),
  repository: text.min(1).describe('repository of the image.'),
  tag: text.describe('tag of the image; the version of the chart when empty.'),
  digest: text
    .regex(/^(sha256:[0-9a-f]{64})?$/)
    .describe('digest pins the image and wins over the tag: sha256:….'),
  pullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .optional()
    .describe('pullPolicy as in a pod.'),
})

const SecretKey = (what: string) =>
  z.strictObject({
    secretName: text.describe(`secretName is the Secret that holds ${what}; none when empty.`),
    key: text.min(1).describe(`key in the Secret.`),
  })

const server = text.regex(/^(nats|tls|ws|wss):\/\/[^\s@]+$/)

const Nats = z.strictObject({
  servers: z
    .array(server)
    .describe(
      'servers are the URLs of NATS (2.11 or newer, with JetStream): tls://nats.nats.svc:4222. No bus when empty.',
    ),
  podServers: z
    .array(server)
    .describe('podServers as the pods of runs reach them; servers when empty.'),
  account: text
    .regex(/^(A[A-Z2-7]{55})?$/)
    .describe('account is the public key of the account that the signing key belongs to: A….'),
  signingKey: SecretKey('the seed (SA…) of a signing key of the account').describe(
    'signingKey signs the credentials of each attempt; pods get none without it.',
  ),
  credentials: SecretKey("the operator's own NATS credentials").describe(
    'credentials are those that the operator connects with.',
  ),
  ca: SecretKey('the certificate of the authority that signed the servers').describe(
    'ca that operator and pods trust.',
  ),
  credentialsDays: z
    .int32()
    .min(1)
    .max(365)
    .describe('credentialsDays is how long the credentials of an attempt are valid.'),
  streamReplicas: z
    .int32()
    .min(1)
    .max(5)
    .describe('streamReplicas is how many servers keep what pods report: 3 in a cluster of NATS.'),
  keepReportsDays: z.int32().min(1).describe('keepReportsDays is how long reports can be plotted.'),
})

const Defaults = z.strictObject({
  image: Image.describe('image of trainer and evaluator.'),
  imagePullSecrets: names.describe('imagePullSecrets that exist in the namespaces of the runs.'),
  storage: z
    .strictObject({
      claim: text.describe(
        'claim is the PersistentVolumeClaim in the namespace of the run; every run names its own when empty.',
      ),
      path: text.describe('path on the claim; its root when empty.'),
    })
    .describe('storage of runs that name none.'),
  resources: Resources.optional().describe('resources of a trainer.'),
  evaluatorResources: Resources.optional().describe(
    'evaluatorResources of an evaluator; those of the trainer when left out.',
  ),
  jobSeconds: z
    .int32()
    .min(0)
    .describe('jobSeconds is how long the Jobs of ended runs stay, for their logs.'),
  metricsPort: port.describe('metricsPort is where the pods of runs serve /metrics.'),
})

const Placement = {
  nodeSelector: texts.describe('nodeSelector of the operator.'),
  tolerations: z.array(Toleration).describe('tolerations of the operator.'),
  affinity: kubernetesObject.describe('affinity of the operator, as in a pod.'),
  topologySpreadConstraints: z
    .array(kubernetesObject)
    .describe('topologySpreadConstraints of the operator; one replica a node, softly, when empty.'),
  priorityClassName: text.describe('priorityClassName of the operator.'),
}

const Monitoring = {
  metrics: z.strictObject({
    port: port.describe('port of /metrics of the operator.'),
    maxSeries: z
      .int32()
      .min(100)
      .describe('maxSeries is how many series of runs and sweeps are exported at most.'),
    service: z
      .strictObject({
        enabled: flag.describe('enabled makes a Service for the metrics.'),
        annotations: texts.describe('annotations of the Service.'),
      })
      .describe('service in front of the metrics.'),
    podMonitor: z
      .strictObject({
        enabled: flag.describe(
          'enabled makes PodMonitors (monitoring.coreos.com/v1) for the operator and for the pods of runs.',
        ),
        labels: texts.describe(
          'labels that your Prometheus selects by, such as release: monitoring.',
        ),
        intervalSeconds: seconds.describe('intervalSeconds between two scrapes.'),
      })
      .describe('podMonitor tells the Prometheus operator what to scrape.'),
  }),
  health: z.strictObject({ port: port.describe('port of /healthz and /readyz.') }),
  dashboard: z.strictObject({
    enabled: flag.describe('enabled makes a ConfigMap that the Grafana sidecar picks up.'),
    labels: texts.describe('labels of the ConfigMap beside grafana_dashboard: "1".'),
    folder: text.describe('folder in Grafana, as annotation grafana_folder.'),
  }),
}

const FeatureToggles = {
  crds: z.strictObject({
    install: flag.describe('install the CRDs; they stay when the chart is uninstalled.'),
  }),
  rbac: z.strictObject({
    create: flag.describe('create the roles of the operator and bind them.'),
    aggregate: flag.describe('aggregate both kinds to the roles view, edit and admin.'),
  }),
  serviceAccount: z.strictObject({
    create: flag.describe('create the ServiceAccount.'),
    name: text.describe('name of the ServiceAccount; that of the release when empty.'),
    annotations: texts.describe('annotations of the ServiceAccount.'),
  }),
  podDisruptionBudget: z.strictObject({
    enabled: flag.describe('enabled keeps one replica through node drains.'),
  }),
  networkPolicy: z.strictObject({
    enabled: flag.describe(
      'enabled lets the operator and the pods of runs reach DNS, NATS and (the operator) the API server, and be scraped; nothing else.',
    ),
    apiServerPorts: z
      .array(z.int32().min(1).max(65_535))
      .min(1)
      .describe('apiServerPorts of the API server.'),
    scrapeFrom: z
      .array(kubernetesObject)
      .describe('scrapeFrom are NetworkPolicyPeers that may scrape; everybody when empty.'),
  }),
}

/** The values of the chart: what `values.schema.json` is made from. */
export const ChartValues = z.strictObject({
  global: z
    .looseObject({
      imageRegistry: text
        .optional()
        .describe('imageRegistry is the mirror that every image is pulled from.'),
    })
    .optional()
    .describe('global values that a parent chart sets.'),
  nameOverride: text.max(40).describe('nameOverride replaces the name of the chart in names.'),
  fullnameOverride: text.max(40).describe('fullnameOverride replaces the whole name.'),
  replicas: z.int32().min(0).max(5).describe('replicas: one leads, the others stand by.'),
  image: Image.describe('image of the operator.'),
  imagePullSecrets: names.describe('imagePullSecrets of the operator.'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).describe('logLevel of the operator.'),
  watchNamespaces: names.describe(
    'watchNamespaces are the only ones that the operator looks at, with a Role in each; all when empty.',
  ),
  lease: z
    .strictObject({
      durationSeconds: seconds.describe(
        'durationSeconds is how long a silent leader is waited for.',
      ),
      renewSeconds: seconds.describe(
        'renewSeconds is how long a leader tries before it stops writing.',
      ),
      retrySeconds: seconds.describe('retrySeconds lie between two tries.'),
    })
    .describe('lease by which the replicas agree who leads: retry < renew < duration.'),
  concurrency: z
    .int32()
    .min(1)
    .max(64)
    .describe('concurrency is how many objects of a kind the operator reconciles at once.'),
  releaseLostNodesAfterSeconds: seconds
    .optional()
    .describe(
      'releaseLostNodesAfterSeconds is when a run leaves a node that has gone silent, whose pod may still write; never when left out.',
    ),
  resources: Resources.describe('resources of the operator.'),
  podAnnotations: texts.describe('podAnnotations of the operator.'),
  podLabels: texts.describe('podLabels of the operator.'),
  ...Placement,
  ...FeatureToggles,
  ...Monitoring,
  nats: Nats.describe('nats carries reports, progress and commands; runs do without.'),
  defaults: Defaults.describe('defaults of runs that do not say otherwise.'),
})
export type ChartValues = z.infer<typeof ChartValues>

/** The JSON schema of the values, as Helm reads it from `values.schema.json`. */
export const buildValuesSchema = (): object => ({
  title: 'Values of the neco-operator chart',
  ...z.toJSONSchema(ChartValues, { target: 'draft-7', io: 'input', unrepresentable: 'any' }),
})
