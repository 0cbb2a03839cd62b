import type { V1Job, V1PodSpec } from '@kubernetes/client-node'
import { WORKING_FOLDER } from '../../operator/cluster/jobs/build-container.ts'
import type { FrozenPlacement } from '../../operator/cluster/jobs/frozen-placement.ts'
import { CONTAINER_SECURITY, POD_SECURITY } from '../../operator/cluster/jobs/pod-security.ts'
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

const READER_CONTAINER = 'reader'
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

function podSpecOf({ run, placement, runKeys, files }: ReaderOrder): V1PodSpec {
  const { imagePullPolicy, imagePullSecrets, images, storage } = placement
  const { nodeSelector, tolerations } = run.spec.pod ?? {}
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: POD_SECURITY,
    imagePullSecrets: imagePullSecrets.map((name) => ({ name })),
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(tolerations === undefined ? {} : { tolerations: tolerations as object[] }),
    containers: [
      {
        name: READER_CONTAINER,
        image: images.evaluator,
        ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
        command: [
          ...['node', 'pod/reader/main.ts', '--storage', POD_PATHS.storage],
          ...runKeys.flatMap((key) => ['--curve', key]),
          ...files.flatMap((path) => ['--cat', path]),
        ],
        workingDir: WORKING_FOLDER,
        resources: { requests: { cpu: '100m', memory: '256Mi' } },
        securityContext: CONTAINER_SECURITY,
        terminationMessagePolicy: 'FallbackToLogsOnError',
        volumeMounts: [
          {
            name: 'storage',
            mountPath: POD_PATHS.storage,
            readOnly: true,
            ...(storage.path === undefined ? {} : { subPath: storage.path }),
          },
        ],
      },
    ],
    volumes: [{ name: 'storage', persistentVolumeClaim: { claimName: storage.claim } }],
  }
}

/** A short Job that prints curves and files of a study's storage to its log. It is no Job of a run: the operator does not look at it. */
export function buildReaderJob(order: ReaderOrder): V1Job {
  const { apiVersion, kind, metadata } = order.owner
  const labels = { 'app.kubernetes.io/name': 'neco', 'app.kubernetes.io/component': 'reader' }
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
      template: { metadata: { labels }, spec: podSpecOf(order) },
    },
  }
}
