import * as z from 'zod'
import { Resources, StorageSettings } from '../crds/spec/pod.ts'

const port = z.int().min(1).max(65_535)
/** A port that this process listens on. */
const listenPort = z.int().min(0).max(65_535)
const seconds = z.int().min(1)
const path = z.string().min(1)

const SERVER = /^(nats|tls|ws|wss):\/\/[^\s@]+$/

const Defaults = z.strictObject({
  image: z
    .string()
    .min(1)
    .optional()
    .describe('image of trainer and evaluator where a run names none.'),
  imagePullPolicy: z
    .enum(['Always', 'IfNotPresent', 'Never'])
    .optional()
    .describe('imagePullPolicy of pods whose run names none.'),
  imagePullSecrets: z
    .array(z.string().min(1))
    .default([])
    .describe('imagePullSecrets are Secrets of the namespace of the run that nodes pull with.'),
  storage: StorageSettings.optional().describe(
    'storage is the claim, in the namespace of the run, where a run names none.',
  ),
  resources: Resources.optional().describe('resources of trainers whose run names none.'),
  evaluatorResources: Resources.optional().describe(
    'evaluatorResources of evaluators whose run names none; resources where left out.',
  ),
  jobSeconds: z
    .int()
    .min(0)
    .default(3600)
    .describe('jobSeconds is how long Jobs of ended runs stay where a run does not say.'),
  metricsPort: port.default(9400).describe('metricsPort is where pods serve /metrics.'),
})

const Nats = z.strictObject({
  servers: z
    .array(z.string().regex(SERVER, 'expected a URL such as nats://nats.nats:4222'))
    .min(1)
    .describe('servers of NATS, as the operator reaches them.'),
  podServers: z
    .array(z.string().regex(SERVER, 'expected a URL such as nats://nats.nats:4222'))
    .min(1)
    .optional()
    .describe('podServers as pods reach them; servers where left out.'),
  caFile: path
    .optional()
    .describe('caFile is the certificate of the authority that signed the servers’, as PEM.'),
  credentialsFile: z
    .string({ error: 'required: the .creds file that the operator connects with' })
    .min(1)
    .describe('credentialsFile holds the credentials (.creds) of the operator itself.'),
  accountSigningKeyFile: z
    .string({ error: 'required: the seed (SA…) that signs the credentials of pods' })
    .min(1)
    .describe(
      'accountSigningKeyFile holds the seed (SA…) of a signing key of the account, for the credentials of attempts.',
    ),
  account: z
    .string()
    .regex(/^A[A-Z2-7]{55}$/, 'expected the public key of an account: A and 55 characters')
    .optional()
    .describe(
      'account that the credentials must be of, where it is given: a mix-up is reported at start.',
    ),
  credentialsDays: z
    .int()
    .min(1)
    .max(365)
    .default(30)
    .describe('credentialsDays is how long the credentials of an attempt are valid.'),
  streamReplicas: z
    .int()
    .min(1)
    .max(5)
    .default(1)
    .describe('streamReplicas is how many servers keep what pods report.'),
  keepReportsDays: z
    .int()
    .min(1)
    .default(30)
    .describe('keepReportsDays is how long reports can be plotted.'),
})

const Lease = z
  .strictObject({
    name: z.string().min(1).default('neco-operator').describe('name of the Lease.'),
    namespace: z
      .string()
      .min(1)
      .optional()
      .describe('namespace of the Lease; that of the pod where left out.'),
    durationSeconds: seconds
      .default(15)
      .describe('durationSeconds is how long others wait for a leader that is silent.'),
    renewSeconds: seconds
      .default(10)
      .describe('renewSeconds is how long a leader tries to renew before it stops writing.'),
    retrySeconds: seconds.default(2).describe('retrySeconds lie between two tries.'),
  })
  .refine(({ durationSeconds, renewSeconds }) => renewSeconds < durationSeconds, {
    error: 'must be less than durationSeconds, so that a leader stops before another starts',
    path: ['renewSeconds'],
  })
  .refine(({ renewSeconds, retrySeconds }) => retrySeconds < renewSeconds, {
    error: 'must be less than renewSeconds, so that there is a second try',
    path: ['retrySeconds'],
  })

const Ports = z
  .strictObject({
    metrics: listenPort
      .default(8080)
      .describe('metrics is the port of /metrics; 0 takes any free one.'),
    health: listenPort
      .default(8081)
      .describe('health is the port of /healthz and /readyz; 0 takes any free one.'),
  })
  .refine(({ metrics, health }) => metrics === 0 || metrics !== health, {
    error: 'must not be the port of metrics',
    path: ['health'],
  })

/** The `--config` file of the operator. */
export const OperatorConfig = z.strictObject({
  defaults: Defaults.prefault({}).describe('defaults of what a run leaves open.'),
  nats: Nats.optional().describe('nats is the bus; without it there is no live progress.'),
  lease: Lease.prefault({}).describe('lease by which one of several replicas leads.'),
  ports: Ports.prefault({}).describe('ports the operator listens on.'),
  watchNamespaces: z
    .array(z.string().min(1))
    .default([])
    .describe('watchNamespaces are the only namespaces looked at; all of them where empty.'),
  concurrency: z
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe('concurrency is how many objects of a kind are worked on at once.'),
  releaseLostNodesAfterSeconds: seconds
    .optional()
    .describe(
      'releaseLostNodesAfterSeconds is when a run leaves a node that has gone silent; never where left out, since its pod may still write.',
    ),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('level is the least important level that is written.'),
    })
    .prefault({})
    .describe('log of the operator, JSON lines on standard output.'),
  metrics: z
    .strictObject({
      maxSeries: z
        .int()
        .min(100)
        .default(50_000)
        .describe('maxSeries is how many series of runs and sweeps are exported at most.'),
    })
    .prefault({})
    .describe('metrics of the studies.'),
})
export type OperatorConfig = z.infer<typeof OperatorConfig>
