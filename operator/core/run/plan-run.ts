import type { NeCoRun, RunStatus, TaskStatus } from '../../../crds/necorun.ts'
import { resolve } from '../../../method/resolve.ts'
import { settingsProblems } from '../../../method/settings-problems.ts'
import type { Blocker } from '../../ports/blocker.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { isAccepted, isEnded } from '../conditions.ts'
import { buildJobRequest } from '../jobs/build-job-request.ts'
import { buildJobName, toTaskIndex } from '../jobs/job-name.ts'
import { BLOCKED_RETRY_MS } from '../reconcile-plan.ts'
import { concludeTask, listConcludedTasks, stopTask, type TaskConclusion } from './conclude-task.ts'
import { finishRunPlan } from './finish-run-plan.ts'
import { planCheckpointRequest } from './plan-checkpoint-request.ts'
import { planEndedRun } from './plan-ended-run.ts'
import { decideRunOutcome, type ObjectOutcome } from './run-outcome.ts'
import {
  findJobByName,
  type ObservedRun,
  type RunAction,
  type RunPlan,
  type RunPlanDraft,
} from './run-plan.ts'

const buildInitialTasks = ({ spec }: NeCoRun): TaskStatus[] =>
  ['train', ...(spec.evaluations ?? []).map(({ name }) => name)].map((name) => ({
    name,
    attempt: 0,
    state: 'Pending',
  }))

/** Takes in what became of every Job that was running. */
function concludeTasks(observed: ObservedRun, tasks: readonly TaskStatus[]): RunPlanDraft {
  const { run, jobs, nowMs } = observed
  const conclusions: TaskConclusion[] = tasks.map((task, position) => {
    const name = buildJobName(run.metadata.name, toTaskIndex(position), task.attempt)
    return concludeTask({
      spec: run.spec,
      task,
      job: findJobByName(jobs, name),
      jobName: name,
      nowMs,
    })
  })
  return {
    tasks: listConcludedTasks(conclusions),
    actions: conclusions.flatMap(({ deleteJob }) =>
      deleteJob === undefined ? [] : [{ kind: 'DeleteJob' as const, name: deleteJob }],
    ),
    events: conclusions.flatMap(({ events }) => events),
    statusPatch: mergeStatusPatches(run.status, conclusions),
    waitMs: conclusions.flatMap(({ deadlineInMs }) => deadlineInMs ?? []),
  }
}

/** Facts of the training replace, results of evaluations are added to those already known. */
function mergeStatusPatches(
  before: RunStatus | undefined,
  conclusions: readonly TaskConclusion[],
): Partial<RunStatus> {
  const found = conclusions.flatMap(({ statusPatch }) => statusPatch.evaluations ?? [])
  const evaluations = [...(before?.evaluations ?? []), ...found]
  const statusPatch: Partial<RunStatus> = Object.assign(
    {},
    ...conclusions.map(({ statusPatch }) => statusPatch),
  )
  return found.length === 0 ? statusPatch : { ...statusPatch, evaluations }
}

/** Asks every running pod to end; the next attempt resumes from its checkpoint. */
function stopTasks(draft: RunPlanDraft, { run, jobs, nowMs }: ObservedRun): RunPlanDraft {
  const actions: RunAction[] = []
  const tasks = draft.tasks.map((task, position) => {
    if (task.state !== 'Running') return task
    const name = buildJobName(run.metadata.name, toTaskIndex(position), task.attempt)
    actions.push({ kind: 'DeleteJob', name })
    return stopTask({ task, job: findJobByName(jobs, name), nowMs })
  })
  return { ...draft, tasks, actions: [...draft.actions, ...actions] }
}

/** Starts the next attempt at the first work that is not done, one pod at a time. */
function startNextAttempt(draft: RunPlanDraft, { run, jobs }: ObservedRun): RunPlanDraft {
  const position = draft.tasks.findIndex(({ state }) => state !== 'Succeeded')
  const task = draft.tasks[position]
  if (task === undefined || task.state !== 'Pending') return draft
  const attempt = task.attempt + 1
  const job = buildJobRequest(run, {
    taskIndex: toTaskIndex(position),
    taskName: task.name,
    attempt,
  })
  const existing = findJobByName(jobs, job.name)
  if (existing?.isEnding === true) return draft
  const started: TaskStatus = { ...task, attempt, state: 'Running' }
  return {
    ...draft,
    tasks: draft.tasks.with(position, started),
    actions:
      existing === undefined ? [...draft.actions, { kind: 'CreateJob', job }] : draft.actions,
  }
}

/** Asks a training whose pod will have to go for a checkpoint. */
function checkpointBeforeEviction(
  draft: RunPlanDraft,
  { run, jobs, platform }: ObservedRun,
): RunPlanDraft {
  const [task] = draft.tasks
  if (task === undefined) return draft
  const job = findJobByName(jobs, buildJobName(run.metadata.name, 'train', task.attempt))
  const checkpointPlan = planCheckpointRequest({ task, job, busState: platform.busState })
  if (checkpointPlan === undefined) return draft
  return {
    ...draft,
    tasks: draft.tasks.with(0, checkpointPlan.task),
    actions: [...draft.actions, checkpointPlan.action],
    events: [...draft.events, checkpointPlan.event],
  }
}

/** The plan of a run that cannot start: nothing is made, and it is looked at again, since what is in the way may go. */
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

/** What a run asks for is looked at until it is accepted: it cannot be edited after that, and a stricter release must not stop it. */
function listRunBlockers({ run, platform }: ObservedRun): readonly Blocker[] {
  const problems = isAccepted(run.status) ? [] : settingsProblems(resolve(run.spec))
  return [
    ...problems.map((problem) => ({ reason: 'NotAccepted', ...problem })),
    ...platform.blockers,
  ]
}

/** The Job of the work at hand, where it was seen. */
function findCurrentJob(
  { tasks }: RunPlanDraft,
  { run, jobs }: ObservedRun,
): ObservedJob | undefined {
  const position = tasks.findIndex(({ state }) => state !== 'Succeeded')
  const attempt = tasks[position]?.attempt ?? 0
  const job = findJobByName(
    jobs,
    buildJobName(run.metadata.name, toTaskIndex(Math.max(0, position)), attempt),
  )
  return job?.isEnding === true ? undefined : job
}

/** Chooses the next steps of a run. Pure and total: equal inputs give equal plans, and a plan that was applied gives no further action. */
export function planRun(observed: ObservedRun): RunPlan {
  const { run } = observed
  if (isEnded(run.status?.conditions)) return planEndedRun(observed)
  const blockers = listRunBlockers(observed)
  if (blockers.length > 0) return planRefusedRun(observed, blockers)
  const conclusions = concludeTasks(observed, run.status?.tasks ?? buildInitialTasks(run))
  const isSuspended = run.spec.suspend === true
  const mustStop = isSuspended || conclusions.tasks.some(({ state }) => state === 'Failed')
  const draft = mustStop
    ? stopTasks(conclusions, observed)
    : checkpointBeforeEviction(startNextTask(conclusions, observed), observed)
  const { tasks } = draft
  const outcome = decideRunOutcome({ tasks, job: findCurrentJob(draft, observed), isSuspended })
  return finishRunPlan(
    observed,
    draft,
    mustStop ? outcome : { ...outcome, ...buildBlockedOutcome(observed) },
  )
}

/** The next work starts, unless something stands where its Job would. */
const startNextTask = (draft: RunPlanDraft, observed: ObservedRun): RunPlanDraft =>
  observed.blocked === undefined
    ? startNextAttempt(draft, observed)
    : { ...draft, waitMs: [...draft.waitMs, BLOCKED_RETRY_MS] }

const buildBlockedOutcome = ({ blocked }: ObservedRun): Partial<ObjectOutcome> =>
  blocked === undefined ? {} : { state: 'Queued', ...blocked }
