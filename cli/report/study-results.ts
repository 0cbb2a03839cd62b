import type { RunStatus } from '../../crds/necorun.ts'
import type { Scalar } from '../../crds/spec/parameters.ts'

/**
 * One run of a study with what its point sets. A single NeCoRun is the study of one run that sets
 * nothing.
 */
export interface RunRecord {
  readonly name: string
  readonly point: number
  readonly replicate: number
  readonly assignment: Readonly<Record<string, Scalar>>
  readonly status: RunStatus | undefined
}

/** Everything that a report shows. */
export interface StudyResults {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
  readonly name: string
  /** Parameter paths that differ between points, in the order of the manifest. */
  readonly swept: readonly string[]
  readonly runs: readonly RunRecord[]
}

export type Verdict = 'Succeeded' | 'Failed' | 'Unfinished'

const isConditionTrue = (status: RunStatus | undefined, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ??
  false

export function decideVerdict({ status }: RunRecord): Verdict {
  if (isConditionTrue(status, 'Complete')) return 'Succeeded'
  return isConditionTrue(status, 'Failed') ? 'Failed' : 'Unfinished'
}

/** Why a run failed: cause and message of the task that ended it. */
export function formatFailure({ status }: RunRecord): string {
  const failed = status?.tasks?.find(({ state }) => state === 'Failed')
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const cause = failed?.cause ?? ready?.reason ?? 'Unknown'
  return `${cause}: ${failed?.message ?? ready?.message ?? 'no message'}`
}
