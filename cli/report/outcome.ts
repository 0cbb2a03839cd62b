import type { RunStatus } from '../../crds/necorun.ts'
import type { Scalar } from '../../crds/parameters.ts'

/** One run of a study with what its point sets. A single NeCoRun is the study of one run that sets nothing. */
export interface RunOutcome {
  readonly name: string
  readonly point: number
  readonly replicate: number
  readonly assignment: Readonly<Record<string, Scalar>>
  readonly status: RunStatus | undefined
}

/** Everything a report is made from. */
export interface StudyOutcome {
  readonly kind: 'NeCoRun' | 'NeCoSweep'
  readonly name: string
  /** Parameter paths that differ between points, in the order of the manifest. */
  readonly swept: readonly string[]
  readonly runs: readonly RunOutcome[]
}

export type Verdict = 'Succeeded' | 'Failed' | 'Unfinished'

const conditionHolds = (status: RunStatus | undefined, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ??
  false

export function verdictOf({ status }: RunOutcome): Verdict {
  if (conditionHolds(status, 'Complete')) return 'Succeeded'
  return conditionHolds(status, 'Failed') ? 'Failed' : 'Unfinished'
}

/** Why a run failed: the cause and message of the work that ended it. */
export function failureOf({ status }: RunOutcome): string {
  const failed = status?.work?.find(({ state }) => state === 'Failed')
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  const cause = failed?.cause ?? ready?.reason ?? 'Unknown'
  return `${cause}: ${failed?.message ?? ready?.message ?? 'no message'}`
}
