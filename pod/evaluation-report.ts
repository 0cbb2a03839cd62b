import type { EvaluationResult } from '../contract/run-report.ts'
import type { MeasuredEvaluation } from './evaluation-receipt.ts'
import type { ReportBody } from './spool.ts'

/** What a fraction of the schedule is called. */
export function formatStage(at: number): string {
  if (at === 0) return 'before'
  return at === 1 ? 'after' : `at ${Math.round(100 * at)} %`
}

/** What the measurement of an evaluation at one fraction is called. */
export const formatEvaluation = (name: string, at: number): string => `${name} ${formatStage(at)}`

/** The report line of what an evaluation found at one fraction. */
export const toEvaluationReport = (
  name: string,
  { at, step, totalSteps, imagesSeen, metrics }: MeasuredEvaluation,
): ReportBody => ({
  kind: 'Evaluation',
  step,
  totalSteps,
  imagesSeen,
  metrics,
  message: formatEvaluation(name, at),
})

/** The same for the termination message of a pod. */
export const toEvaluationResult = ({
  key,
  at,
  metrics,
  figures,
}: MeasuredEvaluation): EvaluationResult => ({
  key,
  at,
  metrics: { ...metrics },
  figures: [...figures],
})
