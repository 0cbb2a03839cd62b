import type { V1Job } from '@kubernetes/client-node'
import type { JobRequest } from '../../crds/job-request.ts'
import type { FrozenPlacement } from '../../operator/cluster/jobs/frozen-placement.ts'
import { READER, readerPodSpec } from '../../operator/cluster/jobs/reader-pod.ts'
import { POD_PATHS } from '../../operator/cluster/jobs/run-config-map.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'

export interface ReaderOrder {
  readonly name: string
  /** The study that is read: the Job goes with it. */
  readonly owner: StoredRun | StoredSweep
  /** A run of it, where its pods may run. */
  readonly run: StoredRun
  /** Where the pods of the run find images and storage. */
  readonly placement: FrozenPlacement
  readonly runKeys: readonly string[]
  /** Paths under the storage. */
  readonly files: readonly string[]
}

/** A reader reads some files: longer than this, something is in its way. */
const ACTIVE_SECONDS = 300
/** If whoever started it is gone before it deletes the Job. */
const KEPT_SECONDS = 60
const LONGEST_NAME = 63

/** `study-reader-abc12`, short enough to be a label. */
export function readerName(study: string, random: () => number): string {
  const suffix = Math.floor(random() * 36 ** 5)
    .toString(36)
    .padStart(5, '0')
  const end = `-reader-${suffix}`
  return `${study.slice(0, LONGEST_NAME - end.length)}${end}`
}

const placementOf = ({ spec, status }: StoredRun): JobRequest['placement'] => ({
  ...(spec.pod === undefined ? {} : { pod: spec.pod }),
  ...(status?.imageId === undefined ? {} : { imageId: status.imageId }),
})

const flagsOf = ({ runKeys, files }: ReaderOrder): readonly string[] => [
  ...['--storage', POD_PATHS.storage],
  ...runKeys.flatMap((key) => ['--curve', key]),
  ...files.flatMap((path) => ['--cat', path]),
]

/** A short Job that prints curves and files of a study's storage to its log. It is no Job of a run: the operator does not look at it. */
export function buildReaderJob(order: ReaderOrder): V1Job {
  const { run, placement: frozen } = order
  const { apiVersion, kind, metadata } = order.owner
  const labels = { 'app.kubernetes.io/name': 'neco', 'app.kubernetes.io/component': READER }
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: order.name,
      namespace: metadata.namespace,
      labels,
      ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid }],
    },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: ACTIVE_SECONDS,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      template: {
        metadata: { labels },
        spec: readerPodSpec({ placement: placementOf(run), frozen, flags: flagsOf(order) }),
      },
    },
  }
}
