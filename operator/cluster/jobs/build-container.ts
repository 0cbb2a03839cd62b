import type { V1Container, V1EnvVar, V1ResourceRequirements } from '@kubernetes/client-node'
import type { Resources } from '../../../crds/spec/pod.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import { buildVolumeMounts } from './build-volumes.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { CONTAINER_SECURITY } from './pod-security.ts'
import { chooseConfigKey, POD_PATHS } from './run-config-map.ts'

/**
 * Named, since images and the kubelet of tests that runs processes must both know where the program
 * is.
 */
export const WORKING_FOLDER = '/app'
const TERMINATION_FILE = '/dev/termination-log'

const toQuantities = (quantities: Resources['limits']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(quantities ?? {}).map(([name, amount]) => [name, String(amount)]),
  )

const toResourceRequirements = ({ requests, limits }: Resources): V1ResourceRequirements => ({
  ...(requests === undefined ? {} : { requests: toQuantities(requests) }),
  ...(limits === undefined ? {} : { limits: toQuantities(limits) }),
})

/** What an entry of `evaluations` asks for goes before all else. */
const chooseContainerResources = ({ program, placement }: JobRequest, frozen: FrozenPlacement) =>
  placement.resources ?? frozen.resources[program]

const buildFieldEnv = (name: string, fieldPath: string): V1EnvVar => ({
  name,
  valueFrom: { fieldRef: { fieldPath } },
})

/** They may be edited between two attempts, which share the rest of their configuration. */
function buildDeadlineEnv({ firstStepSeconds, stallSeconds }: JobRequest['execution']): V1EnvVar[] {
  const named = { NECO_FIRST_STEP_SECONDS: firstStepSeconds, NECO_STALL_SECONDS: stallSeconds }
  return Object.entries(named).flatMap(([name, seconds]) =>
    seconds === undefined ? [] : [{ name, value: String(seconds) }],
  )
}

function buildContainerEnv(request: JobRequest): V1EnvVar[] {
  const { attempt, program, placement, execution, isBesideTraining = false } = request
  const operatorEnv: V1EnvVar[] = [
    buildFieldEnv('NECO_POD_UID', 'metadata.uid'),
    { name: 'NECO_ATTEMPT', value: String(attempt) },
    buildFieldEnv('POD_IP', 'status.podIP'),
    { name: 'NECO_TERMINATION_FILE', value: TERMINATION_FILE },
    ...buildDeadlineEnv(execution),
    ...(isBesideTraining ? [{ name: 'NECO_BESIDE_TRAINING', value: 'true' }] : []),
  ]
  const taken = new Set(operatorEnv.map(({ name }) => name))
  const override = placement.pod?.containers?.find(({ name }) => name === program)
  return [...(override?.env ?? []).filter(({ name }) => !taken.has(name)), ...operatorEnv]
}

/** An image by its digest, as a runtime reports it where it was pulled from a registry. */
const DIGEST_IMAGE_ID = /^(?:docker-pullable:\/\/)?([^\s@/][^\s@]*@sha256:[0-9a-f]{64})$/

/**
 * The image of the first attempt again, also where its tag has moved since. The first pod was a
 * trainer.
 */
export function chooseContainerImage(
  { program, placement }: Pick<JobRequest, 'program' | 'placement'>,
  { images }: FrozenPlacement,
): string {
  const image = images[program]
  const pinned = DIGEST_IMAGE_ID.exec(placement.imageId ?? '')?.[1]
  return pinned !== undefined && image === images.trainer ? pinned : image
}

/** The one container of a pod: trainer or evaluator. */
export function buildContainer(request: JobRequest, frozen: FrozenPlacement): V1Container {
  const { imagePullPolicy, metricsPort } = frozen
  const resources = chooseContainerResources(request, frozen)
  return {
    name: request.program,
    image: chooseContainerImage(request, frozen),
    ...omitUndefined({ imagePullPolicy }),
    command: [
      'node',
      `${request.program}/main.ts`,
      '--config',
      `${POD_PATHS.config}/${chooseConfigKey(request)}`,
    ],
    workingDir: WORKING_FOLDER,
    env: buildContainerEnv(request),
    ...(metricsPort === undefined
      ? {}
      : { ports: [{ name: 'metrics', containerPort: metricsPort, protocol: 'TCP' }] }),
    ...(resources === undefined ? {} : { resources: toResourceRequirements(resources) }),
    securityContext: CONTAINER_SECURITY,
    terminationMessagePath: TERMINATION_FILE,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: buildVolumeMounts(request, frozen),
  }
}
