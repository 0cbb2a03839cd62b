import type { EvaluationResult } from '../crds/run-report.ts'
import type { Measured } from './evaluation-receipt.ts'
import type { ReportBody } from './spool.ts'

/** What a fraction of the schedule is called. */
export function stageName(at: number): string {
  if (at === 0) return 'before'
  return at === 1 ? 'after' : `at ${Math.round(100 * at)} %`
}

/** The report line of what an evaluation found at one fraction. */
export const evaluationReport = (
  name: string,
  { at, step, totalSteps, imagesSeen, metrics }: Measured,
): ReportBody => ({
  kind: 'Evaluation',
  step,
  totalSteps,
  imagesSeen,
  metrics,
  message: `${name} ${stageName(at)}`,
})

/** The same for the last words of a pod. */
export const evaluationResult = ({ key, at, metrics, figures }: Measured): EvaluationResult => ({
  key,
  at,
  metrics: { ...metrics },
  figures: [...figures],
})
