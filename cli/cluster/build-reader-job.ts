import type { V1Job } from '@kubernetes/client-node'
import type { FrozenPlacement } from '../../operator/cluster/jobs/frozen-placement.ts'
import { buildReaderPodSpec, READER_COMPONENT } from '../../operator/cluster/jobs/reader-pod.ts'
import { POD_PATHS } from '../../operator/cluster/jobs/run-config-map.ts'
import type { JobRequest } from '../../operator/ports/job-request.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'

export interface ReaderJobRequest {
  readonly name: string
  /** The owner of the Job: it is deleted with the study. */
  readonly owner: StoredRun | StoredSweep
  /** A run of it, where its pods may run. */
  readonly run: StoredRun
  /** Image and storage of the run's pods. */
  readonly placement: FrozenPlacement
  readonly runKeys: readonly string[]
  /** Paths under the storage. */
  readonly files: readonly string[]
}

/** Reading some files never takes this long unless the pod is blocked. */
const ACTIVE_DEADLINE_SECONDS = 300
/** For when the process that started the Job dies before it deletes it. */
const TTL_SECONDS = 60
const MAX_NAME_LENGTH = 63

/** `study-reader-abc12`, short enough to be a label. */
export function buildReaderName(study: string, random: () => number): string {
  const suffix = Math.floor(random() * 36 ** 5)
    .toString(36)
    .padStart(5, '0')
  const end = `-reader-${suffix}`
  return `${study.slice(0, MAX_NAME_LENGTH - end.length)}${end}`
}

const toReaderPlacement = ({ spec, status }: StoredRun): JobRequest['placement'] => ({
  ...omitUndefined({ pod: spec.pod, imageId: status?.imageId }),
})

const buildReaderFlags = ({ runKeys, files }: ReaderJobRequest): readonly string[] => [
  ...['--storage', POD_PATHS.storage],
  ...runKeys.flatMap((key) => ['--curve', key]),
  ...files.flatMap((path) => ['--cat', path]),
]

/**
 * A short Job that prints curves and files of a study's storage to its log. It has no labels of a
 * run, so the operator ignores it.
 */
export function buildReaderJob(request: ReaderJobRequest): V1Job {
  const { run, placement: frozen } = request
  const { apiVersion, kind, metadata } = request.owner
  const labels = {
    'app.kubernetes.io/name': 'neco',
    'app.kubernetes.io/component': READER_COMPONENT,
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: request.name,
      namespace: metadata.namespace,
      labels,
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: ACTIVE_DEADLINE_SECONDS,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: { labels },
        spec: buildReaderPodSpec({
          placement: toReaderPlacement(run),
          frozen,
          flags: buildReaderFlags(request),
        }),
      },
    },
  }
}
