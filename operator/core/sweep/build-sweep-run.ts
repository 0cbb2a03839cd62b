import {
  ANNOTATIONS,
  API_GROUP_VERSION,
  LABELS,
  RUN_KIND,
  SWEEP_KIND,
} from '../../../crds/names.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep } from '../../../crds/necosweep.ts'
import { COMMON_SETTINGS } from '../../../method/presets.ts'
import type { Assignment } from '../../../search/search-method.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { applyAssignment, serializeAssignment } from './assignment.ts'

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

/** Point and replicate of a run that a sweep created; undefined for one that a person created. */
export function readRunIndex(run: NeCoRun): RunIndex | undefined {
  const labels = run.metadata.labels ?? {}
  const point = Number(labels[LABELS.point] ?? Number.NaN)
  const replicate = Number(labels[LABELS.replicate] ?? Number.NaN)
  return Number.isInteger(point) && Number.isInteger(replicate) ? { point, replicate } : undefined
}

/** A run to create: its place in the sweep, and what its point sets. */
export interface PlannedRun extends RunIndex {
  readonly assignment: Assignment
}

/** The run of a point and replicate: replicate r trains with seed + r, all else is equal. */
export function buildSweepRun(sweep: NeCoSweep, planned: PlannedRun): NeCoRun {
  const { name, namespace, uid = '' } = sweep.metadata
  const { point, replicate, assignment } = planned
  const assigned = applyAssignment(sweep.spec.run, assignment)
  return {
    apiVersion: API_GROUP_VERSION,
    kind: RUN_KIND,
    metadata: {
      name: buildRunName(name, planned),
      ...omitUndefined({ namespace }),
      labels: {
        [LABELS.sweep]: name,
        [LABELS.point]: String(point),
        [LABELS.replicate]: String(replicate),
      },
      annotations: { [ANNOTATIONS.assignment]: serializeAssignment(assignment) },
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
    spec: { ...assigned, seed: (assigned.seed ?? COMMON_SETTINGS.seed) + replicate },
  }
}
