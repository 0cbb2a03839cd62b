import { findCondition, isEnded } from '../operator/core/conditions.ts'
import type { StoredRun, StoredSweep } from '../operator/ports/objects.ts'

/** What the user asked for: a sweep with its runs, or one run. */
export type Study =
  | { readonly kind: 'NeCoSweep'; readonly sweep: StoredSweep; readonly runs: readonly StoredRun[] }
  | { readonly kind: 'NeCoRun'; readonly run: StoredRun }

/**
 * Whether nothing more will happen: the study has ended, was never accepted, or is suspended and
 * none of its tasks runs.
 */
export function isStudySettled(study: Study): boolean {
  const { conditions } = (study.kind === 'NeCoRun' ? study.run : study.sweep).status ?? {}
  const isRefused = findCondition(conditions, 'Accepted')?.status === 'False'
  return isEnded(conditions) || isRefused || isStudySuspended(study)
}

function isStudySuspended(study: Study): boolean {
  const object = study.kind === 'NeCoRun' ? study.run : study.sweep
  if (object.spec.suspend !== true) return false
  const runs = study.kind === 'NeCoRun' ? [study.run] : study.runs
  return runs.every(({ status }) =>
    (status?.tasks ?? []).every(({ state }) => state !== 'Running' && state !== 'Stopping'),
  )
}
