import type { SweepSpec } from '../../crds/spec/sweep-spec.ts'
import { readAssignment } from '../../operator/core/sweep/assignment.ts'
import { readRunIndex } from '../../operator/core/sweep/build-sweep-run.ts'
import type { StoredRun, StoredSweep } from '../../operator/ports/objects.ts'
import type { RunRecord, StudyResults } from './study-results.ts'

/** What a person asked for: a sweep with its runs, or one run. */
export type Study =
  | { readonly kind: 'NeCoSweep'; readonly sweep: StoredSweep; readonly runs: readonly StoredRun[] }
  | { readonly kind: 'NeCoRun'; readonly run: StoredRun }

/** The parameters that a sweep varies, in the order of the manifest. */
function listSweptPaths({ points = [], zip = [], axes = [] }: SweepSpec): readonly string[] {
  const paths = [
    ...points.flatMap((point) => Object.keys(point)),
    ...[...zip, ...axes].map(({ parameter }) => parameter),
  ]
  return [...new Set(paths)]
}

function toRunRecords(sweep: StoredSweep, run: StoredRun): RunRecord[] {
  const index = readRunIndex(run)
  if (index === undefined) return []
  const assignment = readAssignment(run, sweep.spec, index.point)
  return [{ name: run.metadata.name, ...index, assignment, status: run.status }]
}

/** The outcome of a study as it stands now. */
export function toStudyResults(study: Study): StudyResults {
  if (study.kind === 'NeCoRun') {
    const { metadata, status } = study.run
    const run = { name: metadata.name, point: 0, replicate: 0, assignment: {}, status }
    return { kind: study.kind, name: metadata.name, swept: [], runs: [run] }
  }
  const { sweep, runs } = study
  return {
    kind: study.kind,
    name: sweep.metadata.name,
    swept: listSweptPaths(sweep.spec),
    runs: runs.flatMap((run) => toRunRecords(sweep, run)),
  }
}
