import { API_GROUP_VERSION, LABELS, RUN_KIND, SWEEP_KIND } from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { withValueAt } from '../../../method/merge-settings.ts'
import { COMMON_SETTINGS } from '../../../method/presets.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { Assignment } from '../search/decode-point.ts'
import { decodePoint } from '../search/decode-point.ts'

export interface RunIndex {
  readonly point: number
  readonly replicate: number
}

/** Runs are numbered point by point, the replicates of a point together. */
export const toRunIndex = (number: number, replicates: number): RunIndex => ({
  point: Math.floor(number / replicates),
  replicate: number % replicates,
})

const buildRunName = (sweep: string, { point, replicate }: RunIndex): string =>
  `${sweep}-${point}-r${replicate}`

/** Point and replicate of a run that a sweep made; undefined for one that a person made. */
export function readRunIndex(run: NeCoRun): RunIndex | undefined {
  const labels = run.metadata.labels ?? {}
  const point = Number(labels[LABELS.point] ?? Number.NaN)
  const replicate = Number(labels[LABELS.replicate] ?? Number.NaN)
  return Number.isInteger(point) && Number.isInteger(replicate) ? { point, replicate } : undefined
}

/** The template with the values of a point laid over it. */
export const applyAssignment = (template: RunSpec, assignment: Assignment): RunSpec =>
  Object.entries(assignment).reduce(
    (spec, [path, value]) => withValueAt(spec, path, value),
    template,
  )

/** The run of a point and replicate: replicate r trains with seed + r, all else is equal. */
export function buildSweepRun(sweep: NeCoSweep, index: RunIndex): NeCoRun {
  const { name, namespace, uid = '' } = sweep.metadata
  const assigned = applyAssignment(sweep.spec.run, decodePoint(sweep.spec, index.point))
  return {
    apiVersion: API_GROUP_VERSION,
    kind: RUN_KIND,
    metadata: {
      name: buildRunName(name, index),
      ...omitUndefined({ namespace }),
      labels: {
        [LABELS.sweep]: name,
        [LABELS.point]: String(index.point),
        [LABELS.replicate]: String(index.replicate),
      },
      ownerReferences: [
        {
          apiVersion: API_GROUP_VERSION,
          kind: SWEEP_KIND,
          name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { ...assigned, seed: (assigned.seed ?? COMMON_SETTINGS.seed) + index.replicate },
  }
}
