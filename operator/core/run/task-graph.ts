import type { CompletedCheckpoint } from '../../../contract/bus-state.ts'
import type { NeCoRun, TaskStatus } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { scheduleStep } from '../../../method/schedule-step.ts'

type EvaluationSpec = NonNullable<RunSpec['evaluations']>[number]

/** What has been measured of the evaluations of a run. */
type MeasuredFractions = readonly { readonly name: string; readonly at: number }[]

/** What decides which tasks of a run may start. */
interface TaskGraph {
  readonly evaluations: readonly EvaluationSpec[]
  /** The training first. */
  readonly tasks: readonly TaskStatus[]
  readonly measured: MeasuredFractions
  readonly checkpoint: CompletedCheckpoint | undefined
  /** How many evaluators run at once; with 0 one at a time, after the training. */
  readonly parallelism: number
}

/** A task that may start now. */
export interface DueTask {
  /** In `tasks`. */
  readonly position: number
  /**
   * The checkpoint that an evaluation beside the training is due for; undefined for every other
   * start.
   */
  readonly checkpointStep?: number
}

/** The tasks of a new run. */
export const buildInitialTasks = ({ spec }: Pick<NeCoRun, 'spec'>): TaskStatus[] => [
  { kind: 'Training', name: 'training', attempt: 0, state: 'Pending' },
  ...(spec.evaluations ?? []).map(
    ({ name }): TaskStatus => ({ kind: 'Evaluation', name, attempt: 0, state: 'Pending' }),
  ),
]

/** The fractions of an evaluation that have not been measured. */
const listMissingFractions = (
  { name, at }: Pick<EvaluationSpec, 'name' | 'at'>,
  measured: MeasuredFractions,
): number[] => at.filter((at) => !measured.some((one) => one.name === name && one.at === at))

/**
 * Whether the training writes the checkpoint of a fraction by a step; the weights before training
 * have none.
 */
function isWrittenBy(fraction: number, { step, totalSteps }: CompletedCheckpoint): boolean {
  const fractionStep = scheduleStep(fraction, totalSteps)
  return fraction > 0 && fraction < 1 && fractionStep > 0 && fractionStep <= step
}

/**
 * Whether an evaluation has something to measure that it has not tried: a fraction inside the
 * schedule whose checkpoint is complete. What an attempt passed over is tried again after the next
 * checkpoint, not at once. Fraction 0 alone is no reason to start: its result is shared by every
 * run that begins with the same weights, so it rides along with the first fraction that is due.
 */
function isDueBesideTraining({ evaluations, measured, checkpoint }: TaskGraph, task: TaskStatus) {
  const evaluation = evaluations.find(({ name }) => name === task.name)
  if (evaluation === undefined || checkpoint === undefined) return false
  if (checkpoint.step <= (task.checkpointStep ?? 0)) return false
  const missing = listMissingFractions(evaluation, measured)
  return missing.some((fraction) => isWrittenBy(fraction, checkpoint))
}

const isLiveEvaluation = ({ kind, state }: TaskStatus): boolean =>
  kind === 'Evaluation' && (state === 'Running' || state === 'Stopping')

/** The evaluations that may start, as many as there is room for. */
function listDueEvaluations(graph: TaskGraph): DueTask[] {
  const { tasks, parallelism, checkpoint } = graph
  const hasTrained = tasks.every(({ kind, state }) => kind !== 'Training' || state === 'Succeeded')
  const limit = hasTrained ? Math.max(1, parallelism) : parallelism
  const freeCount = Math.max(0, limit - tasks.filter(isLiveEvaluation).length)
  const due = tasks.flatMap((task, position): DueTask[] => {
    if (task.kind !== 'Evaluation' || task.state !== 'Pending') return []
    if (hasTrained) return [{ position }]
    if (checkpoint === undefined || !isDueBesideTraining(graph, task)) return []
    return [{ position, checkpointStep: checkpoint.step }]
  })
  return due.slice(0, freeCount)
}

/**
 * The tasks that may start now: the training at once, an evaluation when there is something to
 * measure.
 */
export function listDueTasks(graph: TaskGraph): DueTask[] {
  const training = graph.tasks.flatMap(({ kind, state }, position) =>
    kind === 'Training' && state === 'Pending' ? [{ position }] : [],
  )
  return [...training, ...listDueEvaluations(graph)]
}

/**
 * The task that says how a run is going: the training until it has succeeded, then the first
 * evaluation that is at work.
 */
export function findCurrentTask(tasks: readonly TaskStatus[]): TaskStatus | undefined {
  const remaining = tasks.filter(({ state }) => state !== 'Succeeded')
  const training = remaining.find(({ kind }) => kind === 'Training')
  return training ?? remaining.find(isLiveEvaluation) ?? remaining[0]
}
