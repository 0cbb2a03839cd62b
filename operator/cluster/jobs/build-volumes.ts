import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { JobRequest } from '../../ports/job-request.ts'
import type { FrozenPlacement } from './frozen-placement.ts'
import { configKey, POD_PATHS } from './run-config-map.ts'

type NamedVolume = NonNullable<NonNullable<JobRequest['placement']['pod']>['volumes']>[number]

const OURS = { config: 'run-config', storage: 'storage', scratch: 'scratch', bus: 'bus' } as const

/** Numbered, since a name of the run may have as many characters as that of a volume. */
const numbered = (index: number): string => `volume-${index}`

const sourceOf = ({ claim, image }: NamedVolume): Partial<V1Volume> =>
  claim === undefined
    ? { image: { reference: image ?? '' } }
    : { persistentVolumeClaim: { claimName: claim } }

const namedVolumes = ({ placement }: JobRequest): readonly NamedVolume[] =>
  placement.pod?.volumes ?? []

/** Config, storage, scratch space, credentials, and the volumes that the run names. */
export function buildVolumes(request: JobRequest, frozen: FrozenPlacement): V1Volume[] {
  const key = configKey(request)
  return [
    {
      name: OURS.config,
      configMap: { name: request.owner.name, items: [{ key, path: key }] },
    },
    { name: OURS.storage, persistentVolumeClaim: { claimName: frozen.storage.claim } },
    { name: OURS.scratch, emptyDir: {} },
    ...(frozen.hasBus ? [{ name: OURS.bus, secret: { secretName: request.name } }] : []),
    ...namedVolumes(request).map((volume, index) => ({
      name: numbered(index),
      ...sourceOf(volume),
    })),
  ]
}

const subPath = (path: string | undefined) => (path === undefined ? {} : { subPath: path })

/** Where the pod finds each of them; all but storage and scratch are read-only. */
export function volumeMountsOf(request: JobRequest, frozen: FrozenPlacement): V1VolumeMount[] {
  return [
    { name: OURS.config, mountPath: POD_PATHS.config, readOnly: true },
    { name: OURS.storage, mountPath: POD_PATHS.storage, ...subPath(frozen.storage.path) },
    { name: OURS.scratch, mountPath: '/tmp' },
    ...(frozen.hasBus ? [{ name: OURS.bus, mountPath: POD_PATHS.bus, readOnly: true }] : []),
    ...namedVolumes(request).map(({ name, path }, index) => ({
      name: numbered(index),
      mountPath: `${POD_PATHS.volumes}/${name}`,
      readOnly: true,
      ...subPath(path),
    })),
  ]
}
