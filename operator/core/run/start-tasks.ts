import type { TaskStatus } from '../../../crds/necorun.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { buildJobRequest } from '../jobs/build-job-request.ts'
import { BLOCKED_RETRY_MS } from '../reconcile-plan.ts'
import { findJobByName, type ObservedRun, type RunPlanDraft } from './run-plan.ts'
import { type DueTask, listDueTasks } from './task-graph.ts'

/**
 * How many evaluators of a run may work at once: settled when it starts, since what was looked at
 * then may change.
 */
const decideEvaluationParallelism = ({ run, platform }: ObservedRun): number =>
  run.status?.evaluationParallelism ??
  run.spec.evaluationParallelism ??
  platform.defaultEvaluationParallelism ??
  0

/** Starts the next attempt at every task that is due, unless something stands where a Job would. */
export function startDueTasks(draft: RunPlanDraft, observed: ObservedRun): RunPlanDraft {
  const { run, platform, blocked } = observed
  if (blocked !== undefined) return { ...draft, waitMs: [...draft.waitMs, BLOCKED_RETRY_MS] }
  const evaluationParallelism = decideEvaluationParallelism(observed)
  const due = listDueTasks({
    evaluations: run.spec.evaluations ?? [],
    tasks: draft.tasks,
    measured: draft.statusPatch.evaluations ?? run.status?.evaluations ?? [],
    checkpoint: platform.checkpoint,
    parallelism: evaluationParallelism,
  })
  const statusPatch = { ...draft.statusPatch, evaluationParallelism }
  return due.reduce<RunPlanDraft>((started, task) => startAttempt(started, observed, task), {
    ...draft,
    statusPatch,
  })
}

/**
 * Starts the next attempt at a task. Where its Job is still going, it waits for the end of that.
 */
function startAttempt(
  draft: RunPlanDraft,
  { run, jobs }: ObservedRun,
  { position, checkpointStep }: DueTask,
): RunPlanDraft {
  const task = draft.tasks[position]
  if (task === undefined) return draft
  const attempt = task.attempt + 1
  const isBesideTraining = checkpointStep !== undefined
  const job = buildJobRequest(run, { task, attempt, isBesideTraining })
  const existing = findJobByName(jobs, job.name)
  if (existing?.isEnding === true) return draft
  const { checkpointStep: _before, ...rest } = task
  const started: TaskStatus = {
    ...rest,
    attempt,
    state: 'Running',
    ...omitUndefined({ checkpointStep }),
  }
  return {
    ...draft,
    tasks: draft.tasks.with(position, started),
    actions:
      existing === undefined ? [...draft.actions, { kind: 'CreateJob', job }] : draft.actions,
  }
}
