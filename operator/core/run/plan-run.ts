import { resolve } from '../../../method/resolve.ts'
import { settingsProblems } from '../../../method/settings-problems.ts'
import type { Blocker } from '../../ports/blocker.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { isAccepted, isEnded } from '../conditions.ts'
import { buildJobName } from '../jobs/job-name.ts'
import { BLOCKED_RETRY_MS } from '../reconcile-plan.ts'
import { finishRunPlan } from './finish-run-plan.ts'
import { planCheckpointRequest } from './plan-checkpoint-request.ts'
import { planEndedRun } from './plan-ended-run.ts'
import { decideRunOutcome, type ObjectOutcome } from './run-outcome.ts'
import { findJobByName, type ObservedRun, type RunPlan, type RunPlanDraft } from './run-plan.ts'
import { settleTasks, stopTasks } from './settle-tasks.ts'
import { startDueTasks } from './start-tasks.ts'
import { findCurrentTask } from './task-graph.ts'

/**
 * Chooses the next steps of a run. Pure and total: equal inputs give equal plans, and a plan that
 * was applied gives no further action.
 */
export function planRun(observed: ObservedRun): RunPlan {
  // 1. An ended run is tidied up.
  if (isEnded(observed.run.status?.conditions)) return planEndedRun(observed)
  // 2. A run that cannot start is refused.
  const blockers = listRunBlockers(observed)
  if (blockers.length > 0) return planRefusedRun(observed, blockers)
  // 3. What became of every running task is settled.
  const settled = settleTasks(observed)
  // 4. A suspended or failed run stops its running tasks,
  if (mustStop(observed, settled)) return reportPlan(observed, stopTasks(settled, observed))
  // 5. any other asks a pod that will be evicted for a checkpoint,
  const checkpointed = checkpointBeforeEviction(settled, observed)
  // 6. and starts what is due.
  const started = startDueTasks(checkpointed, observed)
  // 7. The status and its events say where the run stands now.
  return reportPlan(observed, started, buildBlockedOutcome(observed))
}

/**
 * What a run asks for is looked at until it is accepted: it cannot be edited after that, and a
 * stricter release must not stop it.
 */
function listRunBlockers({ run, platform }: ObservedRun): readonly Blocker[] {
  const problems = isAccepted(run.status) ? [] : settingsProblems(resolve(run.spec))
  return [
    ...problems.map((problem) => ({ reason: 'NotAccepted', ...problem })),
    ...platform.blockers,
  ]
}

/**
 * The plan of a run that cannot start: nothing is made, and it is looked at again, since what is in
 * the way may go.
 */
export function planRefusedRun(observed: ObservedRun, blockers: readonly Blocker[]): RunPlan {
  const tasks = observed.run.status?.tasks ?? []
  const draft: RunPlanDraft = {
    tasks,
    actions: [],
    events: [],
    statusPatch: {},
    waitMs: [BLOCKED_RETRY_MS],
  }
  const message = blockers.map((one) => `spec.${one.path}: ${one.message}`).join('; ')
  const [first] = blockers
  const acceptedReason = first === undefined ? {} : { acceptedReason: first.reason }
  return finishRunPlan(observed, draft, {
    state: 'NotAccepted',
    message: message.slice(0, 4000),
    ...acceptedReason,
  })
}

const mustStop = ({ run }: ObservedRun, { tasks }: RunPlanDraft): boolean =>
  run.spec.suspend === true || tasks.some(({ state }) => state === 'Failed')

/** Asks a training whose pod will have to go for a checkpoint. */
function checkpointBeforeEviction(
  draft: RunPlanDraft,
  { run, jobs, platform }: ObservedRun,
): RunPlanDraft {
  const position = draft.tasks.findIndex(({ kind }) => kind === 'Training')
  const task = draft.tasks[position]
  if (task === undefined) return draft
  const job = findJobByName(jobs, buildJobName(run, task, task.attempt))
  const checkpointPlan = planCheckpointRequest({ task, job, busState: platform.busState })
  if (checkpointPlan === undefined) return draft
  return {
    ...draft,
    tasks: draft.tasks.with(position, checkpointPlan.task),
    actions: [...draft.actions, checkpointPlan.action],
    events: [...draft.events, checkpointPlan.event],
  }
}

const buildBlockedOutcome = ({ blocked }: ObservedRun): Partial<ObjectOutcome> =>
  blocked === undefined ? {} : { state: 'Queued', ...blocked }

function reportPlan(
  observed: ObservedRun,
  draft: RunPlanDraft,
  blocked: Partial<ObjectOutcome> = {},
): RunPlan {
  const { tasks } = draft
  const isSuspended = observed.run.spec.suspend === true
  const outcome = decideRunOutcome({ tasks, job: findCurrentJob(draft, observed), isSuspended })
  return finishRunPlan(observed, draft, { ...outcome, ...blocked })
}

/** The Job of the task that says how the run is going, where it was seen. */
function findCurrentJob(
  { tasks }: RunPlanDraft,
  { run, jobs }: ObservedRun,
): ObservedJob | undefined {
  const task = findCurrentTask(tasks)
  if (task === undefined) return undefined
  const job = findJobByName(jobs, buildJobName(run, task, task.attempt))
  return job?.isEnding === true ? undefined : job
}
