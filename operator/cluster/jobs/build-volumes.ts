import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { JobRequest } from '../../ports/job-request.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { chooseConfigKey, POD_PATHS } from './run-config-map.ts'

type NamedVolume = NonNullable<NonNullable<JobRequest['placement']['pod']>['volumes']>[number]

const VOLUME_NAMES = {
  config: 'run-config',
  storage: 'storage',
  scratch: 'scratch',
  bus: 'bus',
} as const

/** Numbered, since a name of the run may have as many characters as that of a volume. */
const buildVolumeName = (index: number): string => `volume-${index}`

const toVolumeSource = ({ claim, image }: NamedVolume): Partial<V1Volume> =>
  claim === undefined
    ? { image: { reference: image ?? '' } }
    : { persistentVolumeClaim: { claimName: claim } }

const listNamedVolumes = ({ placement }: JobRequest): readonly NamedVolume[] =>
  placement.pod?.volumes ?? []

/** Config, storage, scratch space, credentials, and the volumes that the run names. */
export function buildVolumes(request: JobRequest, frozen: FrozenPlacement): V1Volume[] {
  const key = chooseConfigKey(request)
  return [
    {
      name: VOLUME_NAMES.config,
      configMap: { name: request.owner.name, items: [{ key, path: key }] },
    },
    { name: VOLUME_NAMES.storage, persistentVolumeClaim: { claimName: frozen.storage.claim } },
    { name: VOLUME_NAMES.scratch, emptyDir: {} },
    ...(frozen.hasBus ? [{ name: VOLUME_NAMES.bus, secret: { secretName: request.name } }] : []),
    ...listNamedVolumes(request).map((volume, index) => ({
      name: buildVolumeName(index),
      ...toVolumeSource(volume),
    })),
  ]
}

const subPath = (path: string | undefined) => (path === undefined ? {} : { subPath: path })

/** Where the pod finds each of them; all but storage and scratch are read-only. */
export function buildVolumeMounts(request: JobRequest, frozen: FrozenPlacement): V1VolumeMount[] {
  return [
    { name: VOLUME_NAMES.config, mountPath: POD_PATHS.config, readOnly: true },
    { name: VOLUME_NAMES.storage, mountPath: POD_PATHS.storage, ...subPath(frozen.storage.path) },
    { name: VOLUME_NAMES.scratch, mountPath: '/tmp' },
    ...(frozen.hasBus
      ? [{ name: VOLUME_NAMES.bus, mountPath: POD_PATHS.bus, readOnly: true }]
      : []),
    ...listNamedVolumes(request).map(({ name, path }, index) => ({
      name: buildVolumeName(index),
      mountPath: `${POD_PATHS.volumes}/${name}`,
      readOnly: true,
      ...subPath(path),
    })),
  ]
}
