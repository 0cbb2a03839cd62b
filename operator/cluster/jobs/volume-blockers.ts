import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import type { Blocker } from '../../ports/blocker.ts'

interface VolumeReference {
  readonly path: string
  readonly volume: string | undefined
}

/** Every field of a run that names a volume. */
const listVolumeReferences = ({ data, model, evaluations = [] }: RunSpec): VolumeReference[] => [
  { path: 'data.volume', volume: data.volume },
  { path: 'model.weights.volume', volume: model?.weights?.volume },
  ...evaluations.flatMap(({ memory, validation }, index) => [
    { path: `evaluations[${index}].memory.volume`, volume: memory.volume },
    { path: `evaluations[${index}].validation.volume`, volume: validation.volume },
  ]),
]

/** Names of volumes that the pods of a run would not have. */
export function findVolumeBlockers(spec: RunSpec): Blocker[] {
  const known = new Set((spec.pod?.volumes ?? []).map(({ name }) => name))
  return listVolumeReferences(spec).flatMap(({ path, volume }) =>
    volume === undefined || known.has(volume)
      ? []
      : [
          {
            reason: 'VolumeNotFound',
            path,
            message: `pod.volumes has no volume ${volume}: add it there, with its claim or image`,
          },
        ],
  )
}
