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

export const ownerOf = ({ owner }: Pick<JobRequest, 'owner'>): V1OwnerReference => ({
  apiVersion: API_GROUP_VERSION,
  kind: RUN_KIND,
  name: owner.name,
  uid: owner.uid,
  controller: true,
  blockOwnerDeletion: true,
})

/** Labels of everything that belongs to one run. */
export const runLabels = ({
  sweep,
  owner,
}: Pick<JobRequest, 'sweep' | 'owner'>): Record<string, string> => ({
  'app.kubernetes.io/name': 'neco',
  'app.kubernetes.io/managed-by': OPERATOR_NAME,
  [LABELS.run]: owner.name,
  ...omitUndefined({ [LABELS.sweep]: sweep }),
})

const evaluationsOf = ({ evaluations, evaluation }: JobRequest) =>
  evaluations ?? (evaluation === undefined ? [] : [evaluation])

/** The key of the ConfigMap under which the pod of a request finds its run-config. */
export function configKey(request: JobRequest): string {
  const { evaluation } = request
  if (evaluation === undefined) return TRAIN_KEY
  const index = evaluationsOf(request).findIndex(({ name }) => name === evaluation.name)
  return `evaluation-${Math.max(0, index)}.json`
}

/** A run-config as it lies in the ConfigMap: the pod knows its attempt and UID by itself. */
type WrittenConfig = Omit<RunConfig, 'identity'> & {
  readonly identity: Pick<RunConfig['identity'], 'sweep' | 'run'>
}

export interface RunSettings {
  readonly placement: FrozenPlacement
  readonly bus: PodBus | undefined
}

const volumesOf = ({ placement }: JobRequest): Record<string, string> =>
  Object.fromEntries([
    ['', POD_PATHS.storage],
    ...(placement.pod?.volumes ?? []).map(({ name }) => [name, `${POD_PATHS.volumes}/${name}`]),
  ])

/** How a pod reaches NATS with the Secret that is mounted for it. */
export const busAccess = (bus: PodBus) => ({
  servers: [...bus.servers],
  credentialsFile: `${POD_PATHS.bus}/${BUS_KEYS.credentials}`,
  ...(bus.caCertificate === undefined ? {} : { caFile: `${POD_PATHS.bus}/${BUS_KEYS.ca}` }),
})

const toTaskAddress = (evaluation: RunConfig['evaluation']): TaskAddress =>
  evaluation === undefined ? TRAINING : { kind: 'Evaluation', name: evaluation.name }

const busOf = ({ namespace, owner }: JobRequest, bus: PodBus, task: TaskAddress) => ({
  ...busAccess(bus),
  namespace,
  runUid: owner.uid,
  task,
})

function configOf(
  request: JobRequest,
  { placement, bus }: RunSettings,
  evaluation: RunConfig['evaluation'],
): WrittenConfig {
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
      volumes: volumesOf(request),
      ...(bus === undefined ? {} : { bus: busOf(request, bus, toTaskAddress(evaluation)) }),
      ...omitUndefined({ metricsPort }),
    },
    ...(evaluation === undefined ? { evaluations: [...evaluationsOf(request)] } : { evaluation }),
  }
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`

/** The one immutable ConfigMap of a run: what each of its pods is told, and where they run. */
export function buildRunConfigMap(request: JobRequest, settings: RunSettings): V1ConfigMap {
  const evaluations = evaluationsOf(request).map((evaluation, index): [string, string] => [
    `evaluation-${index}.json`,
    json(configOf(request, settings, evaluation)),
  ])
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: request.owner.name,
      namespace: request.namespace,
      labels: runLabels(request),
      ownerReferences: [ownerOf(request)],
    },
    immutable: true,
    data: {
      [TRAIN_KEY]: json(configOf(request, settings, undefined)),
      ...Object.fromEntries(evaluations),
      [PLACEMENT_KEY]: json(settings.placement),
    },
  }
}

/** The placement that a ConfigMap of a run holds; undefined where it holds none that can be read. */
export function placementIn({ data }: Pick<V1ConfigMap, 'data'>): FrozenPlacement | undefined {
  try {
    const parsed = FrozenPlacement.safeParse(JSON.parse(data?.[PLACEMENT_KEY] ?? ''))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
