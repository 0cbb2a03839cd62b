import type { TaskAddress } from '../../../contract/task-address.ts'
import type { NeCoRun } from '../../../crds/necorun.ts'

/** `<run>-reader-<n>` for the n-th Job that ships what pods of a run left. */
export const buildReaderJobName = (run: string, number: number): string => `${run}-reader-${number}`

/**
 * Where an evaluation stands in `spec.evaluations`. Throws RangeError where the run has none of
 * that name.
 */
export function findEvaluationIndex({ spec }: Pick<NeCoRun, 'spec'>, name: string): number {
  const index = (spec.evaluations ?? []).findIndex((evaluation) => evaluation.name === name)
  if (index < 0) throw new RangeError(`the run has no evaluation ${name}`)
  return index
}

/** `<run>-a<n>` for an attempt at training, `<run>-e<i>-a<n>` for one at evaluation i. */
export function buildJobName(
  run: Pick<NeCoRun, 'metadata' | 'spec'>,
  task: TaskAddress,
  attempt: number,
): string {
  const { name } = run.metadata
  return task.kind === 'Training'
    ? `${name}-a${attempt}`
    : `${name}-e${findEvaluationIndex(run, task.name)}-a${attempt}`
}
