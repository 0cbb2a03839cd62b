import type { V1PodSpec } from '@kubernetes/client-node'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { JobRequest } from '../../ports/job-request.ts'
import { chooseContainerImage, WORKING_FOLDER } from './build-container.ts'
import { buildScheduling } from './build-job-manifest.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { CONTAINER_SECURITY, POD_SECURITY } from './pod-security.ts'
import { POD_PATHS } from './run-config-map.ts'

/** The name of its container, and of its component. */
export const READER_COMPONENT = 'reader'

interface ReaderPodRequest {
  /** Where pods of the run may go. */
  readonly placement: JobRequest['placement']
  /** Where they found images and storage. */
  readonly frozen: FrozenPlacement
  /** Arguments of the program. */
  readonly flags: readonly string[]
  /**
   * A Secret that is mounted where pods find theirs of the bus; without one nothing is shipped, and
   * the storage is mounted to be read only.
   */
  readonly secretName?: string
}

/** A short pod on the storage of a run, where its other pods ran, without their GPUs. */
export function buildReaderPodSpec({
  placement,
  frozen,
  flags,
  secretName,
}: ReaderPodRequest): V1PodSpec {
  const { imagePullPolicy, imagePullSecrets, storage } = frozen
  const isShipping = secretName !== undefined
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: POD_SECURITY,
    ...(imagePullSecrets.length === 0
      ? {}
      : { imagePullSecrets: imagePullSecrets.map((name) => ({ name })) }),
    ...buildScheduling({ placement }),
    containers: [
      {
        name: READER_COMPONENT,
        image: chooseContainerImage({ program: 'evaluator', placement }, frozen),
        ...omitUndefined({ imagePullPolicy }),
        command: ['node', 'pod/reader/main.ts', ...flags],
        workingDir: WORKING_FOLDER,
        resources: { requests: { cpu: '100m', memory: '256Mi' } },
        securityContext: CONTAINER_SECURITY,
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [
          {
            name: 'storage',
            mountPath: POD_PATHS.storage,
            ...(isShipping ? {} : { readOnly: true }),
            ...omitUndefined({ subPath: storage.path }),
          },
          ...(isShipping ? [{ name: 'bus', mountPath: POD_PATHS.bus, readOnly: true }] : []),
        ],
      },
    ],
    volumes: [
      { name: 'storage', persistentVolumeClaim: { claimName: storage.claim } },
      ...(isShipping ? [{ name: 'bus', secret: { secretName } }] : []),
    ],
  }
}
