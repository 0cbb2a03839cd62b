import type { V1ConfigMap, V1OwnerReference } from '@kubernetes/client-node'
import type { RunConfig } from '../../../contract/run-config.ts'
import { type TaskAddress, TRAINING } from '../../../contract/task-address.ts'
import { API_GROUP_VERSION, LABELS, OPERATOR_NAME, RUN_KIND } from '../../../crds/names.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import { FrozenPlacement } from './frozen-placement.ts'

/** How pods reach NATS. */
export interface PodBus {
  readonly servers: readonly string[]
  /** PEM of the authority that signed the server. */
  readonly caCertificate?: string | undefined
}

/** Where a pod finds what it is given. */
export const POD_PATHS = {
  config: '/etc/neco',
  storage: '/storage',
  volumes: '/volumes',
  bus: '/etc/neco-bus',
} as const

/** Keys of the Secret of an attempt. */
export const BUS_KEYS = { credentials: 'nats.creds', ca: 'ca.crt' } as const

const PLACEMENT_KEY = 'placement.json'
const TRAIN_KEY = 'train.json'

export const buildRunOwnerReference = ({ owner }: Pick<JobRequest, 'owner'>): V1OwnerReference => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  name: owner.name,
  uid: owner.uid,
  controller: true,
  blockOwnerDeletion: true,
})

/** Labels of everything that belongs to one run. */
export const buildRunLabels = ({
  sweep,
  owner,
}: Pick<JobRequest, 'sweep' | 'owner'>): Record<string, string> => ({
  'app.kubernetes.io/name': 'neco',
  'app.kubernetes.io/managed-by': OPERATOR_NAME,
  [LABELS.run]: owner.name,
  ...omitUndefined({ [LABELS.sweep]: sweep }),
})

const listEvaluations = ({ evaluations, evaluation }: JobRequest) =>
  evaluations ?? (evaluation === undefined ? [] : [evaluation])

/** The key of the ConfigMap under which the pod of a request finds its run-config. */
export function chooseConfigKey(request: JobRequest): string {
  const { evaluation } = request
  if (evaluation === undefined) return TRAIN_KEY
  const index = listEvaluations(request).findIndex(({ name }) => name === evaluation.name)
  return `evaluation-${Math.max(0, index)}.json`
}

/** A run-config as it lies in the ConfigMap: the pod knows its attempt and UID by itself. */
type StoredRunConfig = Omit<RunConfig, 'identity'> & {
  readonly identity: Pick<RunConfig['identity'], 'sweep' | 'run'>
}

export interface RunConfigMapSettings {
  readonly placement: FrozenPlacement
  readonly bus: PodBus | undefined
}

const buildVolumePaths = ({ placement }: JobRequest): Record<string, string> =>
  Object.fromEntries([
    ['', POD_PATHS.storage],
    ...(placement.pod?.volumes ?? []).map(({ name }) => [name, `${POD_PATHS.volumes}/${name}`]),
  ])

/** How a pod reaches NATS with the Secret that is mounted for it. */
export const buildBusAccess = (bus: PodBus) => ({
  servers: [...bus.servers],
  credentialsFile: `${POD_PATHS.bus}/${BUS_KEYS.credentials}`,
  ...(bus.caCertificate === undefined ? {} : { caFile: `${POD_PATHS.bus}/${BUS_KEYS.ca}` }),
})

const toTaskAddress = (evaluation: RunConfig['evaluation']): TaskAddress =>
  evaluation === undefined ? TRAINING : { kind: 'Evaluation', name: evaluation.name }

const buildTaskBusAccess = ({ namespace, owner }: JobRequest, bus: PodBus, task: TaskAddress) => ({
  ...buildBusAccess(bus),
  namespace,
  runUid: owner.uid,
  task,
})

function buildStoredRunConfig(
  request: JobRequest,
  { placement, bus }: RunConfigMapSettings,
  evaluation: RunConfig['evaluation'],
): StoredRunConfig {
  const { sweep, owner, result } = request
  const { firstStepSeconds: _edited, stallSeconds: _too, ...execution } = request.execution
  const { metricsPort } = placement
  return {
    schemaVersion: 1,
    identity: { ...omitUndefined({ sweep }), run: owner.name },
    result,
    execution: {
      ...execution,
      storage: POD_PATHS.storage,
      volumes: buildVolumePaths(request),
      ...(bus === undefined
        ? {}
        : { bus: buildTaskBusAccess(request, bus, toTaskAddress(evaluation)) }),
      ...omitUndefined({ metricsPort }),
    },
    ...(evaluation === undefined ? { evaluations: [...listEvaluations(request)] } : { evaluation }),
  }
}

const toJsonText = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`

/**
 * The one immutable ConfigMap of a run: the configuration of each of its pods, and where they run.
 */
export function buildRunConfigMap(
  request: JobRequest,
  settings: RunConfigMapSettings,
): V1ConfigMap {
  const evaluations = listEvaluations(request).map((evaluation, index): [string, string] => [
    `evaluation-${index}.json`,
    toJsonText(buildStoredRunConfig(request, settings, evaluation)),
  ])
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: request.owner.name,
      namespace: request.namespace,
      labels: buildRunLabels(request),
      ownerReferences: [buildRunOwnerReference(request)],
    },
    immutable: true,
    data: {
      [TRAIN_KEY]: toJsonText(buildStoredRunConfig(request, settings, undefined)),
      ...Object.fromEntries(evaluations),
      [PLACEMENT_KEY]: toJsonText(settings.placement),
    },
  }
}

/**
 * The placement that a ConfigMap of a run holds; undefined where it holds none that can be read.
 */
export function parseFrozenPlacement({
  data,
}: Pick<V1ConfigMap, 'data'>): FrozenPlacement | undefined {
  try {
    const parsed = FrozenPlacement.safeParse(JSON.parse(data?.[PLACEMENT_KEY] ?? ''))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
