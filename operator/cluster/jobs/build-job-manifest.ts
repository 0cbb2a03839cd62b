import type {
  V1Job,
  V1JobSpec,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Secret,
} from '@kubernetes/client-node'
import { formatTaskKey } from '../../../contract/task-address.ts'
import { LABELS } from '../../../crds/names.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import { buildContainer } from './build-container.ts'
import { buildVolumes } from './build-volumes.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { POD_SECURITY } from './pod-security.ts'
import { BUS_KEYS, buildRunLabels, buildRunOwnerReference } from './run-config-map.ts'

/** Kueue admits a Job that carries it; see kueue.sigs.k8s.io. */
export const QUEUE_LABEL = 'kueue.x-k8s.io/queue-name'

/** What the kubelet needs beyond the grace time of the program to end a pod in good order. */
const KUBELET_GRACE_SECONDS = 5

const buildJobLabels = (request: JobRequest): Record<string, string> => ({
  ...buildRunLabels(request),
  'app.kubernetes.io/component': request.program,
  [LABELS.task]: formatTaskKey(request.task),
  [LABELS.attempt]: String(request.attempt),
})

/** The settings of a pod that only say where it may run, passed on as they are. */
export function buildScheduling({ placement }: Pick<JobRequest, 'placement'>): Partial<V1PodSpec> {
  const { nodeSelector, tolerations, priorityClassName, runtimeClassName } = placement.pod ?? {}
  return {
    ...omitUndefined({ nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations: tolerations.map(withoutUndefined) }),
    ...omitUndefined({ priorityClassName, runtimeClassName }),
  }
}

const withoutUndefined = <T extends object>(object: T) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined))

function buildPodSpec(request: JobRequest, frozen: FrozenPlacement): V1PodSpec {
  const pullSecrets = frozen.imagePullSecrets.map((name) => ({ name }))
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: request.execution.gracePeriodSeconds + KUBELET_GRACE_SECONDS,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: POD_SECURITY,
    ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets }),
    ...buildScheduling(request),
    containers: [buildContainer(request, frozen)],
    volumes: buildVolumes(request, frozen),
  }
}

const buildPodTemplate = (request: JobRequest, frozen: FrozenPlacement): V1PodTemplateSpec => ({
  metadata: { labels: buildJobLabels(request) },
  spec: buildPodSpec(request, frozen),
})

/**
 * Never a second pod of an attempt: whatever ends it ends the Job, and disruptions are known by
 * their condition.
 */
const buildJobSpec = (request: JobRequest, frozen: FrozenPlacement): V1JobSpec => ({
  completions: 1,
  parallelism: 1,
  backoffLimit: 0,
  podReplacementPolicy: 'Failed',
  podFailurePolicy: {
    rules: [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
  },
  ...(request.placement.queueName === undefined ? {} : { suspend: true }),
  template: buildPodTemplate(request, frozen),
})

/**
 * The Job of one attempt. With a queue it is made suspended, and what Kueue owns of it is never
 * touched after.
 */
export function buildJobManifest(request: JobRequest, frozen: FrozenPlacement): V1Job {
  const { queueName } = request.placement
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: request.name,
      namespace: request.namespace,
      labels: {
        ...buildJobLabels(request),
        ...omitUndefined({ [QUEUE_LABEL]: queueName }),
      },
      ownerReferences: [buildRunOwnerReference(request)],
    },
    spec: buildJobSpec(request, frozen),
  }
}

export interface BusSecret {
  /** What the NATS client reads: a JWT and its seed. */
  readonly credentials: string
  readonly caCertificate?: string | undefined
}

/**
 * The Secret of one attempt, named as its Job and owned by the run, since it must be there before
 * the Job is.
 */
export const buildSecretManifest = (
  request: JobRequest,
  { credentials, caCertificate }: BusSecret,
): V1Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: request.name,
    namespace: request.namespace,
    labels: buildJobLabels(request),
    ownerReferences: [buildRunOwnerReference(request)],
  },
  type: 'Opaque',
  immutable: true,
  stringData: {
    [BUS_KEYS.credentials]: credentials,
    ...omitUndefined({ [BUS_KEYS.ca]: caCertificate }),
  },
})
