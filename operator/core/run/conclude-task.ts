import type { TerminationMessage } from '../../../contract/run-report.ts'
import { describeTask } from '../../../contract/task-address.ts'
import type { RunStatus, TaskStatus } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { PlannedEvent } from '../reconcile-plan.ts'
import { computeJobDurations, findRunningDeadline } from './deadline.ts'
import { classifyJobFailure, type FailureCause, findRetryLimit } from './failure-cause.ts'

export interface ObservedTask {
  readonly spec: RunSpec
  readonly task: TaskStatus
  /** The Job of the newest attempt, if it is there. */
  readonly job: ObservedJob | undefined
  readonly jobName: string
  readonly nowMs: number
}

/** What became of one task. */
export interface TaskConclusion {
  readonly task: TaskStatus
  readonly events: readonly PlannedEvent[]
  /** What the termination message of the pod adds to the status of the run. */
  readonly statusPatch: Partial<RunStatus>
  readonly deleteJob?: string
  /** How long until its deadline passes, while it waits or runs. */
  readonly deadlineInMs?: number
}

const buildUnchangedConclusion = (task: TaskStatus): TaskConclusion => ({
  task,
  events: [],
  statusPatch: {},
})

const isLiveJob = ({ state }: ObservedJob): boolean => state === 'Pending' || state === 'Running'

/** Adds the clocks of an attempt: suspension ends it, so that they stand still until the next. */
function addJobDurations(
  task: TaskStatus,
  job: ObservedJob | undefined,
  nowMs: number,
): TaskStatus {
  if (job === undefined) return task
  const { queuedMs, ranMs } = computeJobDurations(job, nowMs)
  return {
    ...task,
    queuedMs: (task.queuedMs ?? 0) + Math.round(queuedMs),
    ranMs: (task.ranMs ?? 0) + Math.round(ranMs),
  }
}

/**
 * Evaluations that a training found with its own result, those of which all that the run asks is
 * there.
 */
function collectReusedEvaluations(
  { evaluations = [] }: RunSpec,
  terminationMessage: TerminationMessage,
) {
  const found = evaluations.flatMap(({ name, at }) => {
    const results = terminationMessage.evaluations.filter((one) => one.name === name)
    const isComplete = at.every((fraction) => results.some((one) => one.at === fraction))
    return isComplete ? results.map((result) => ({ ...result, name })) : []
  })
  return found.length === 0 ? {} : { evaluations: found }
}

function buildTrainingStatusPatch(
  spec: RunSpec,
  terminationMessage: TerminationMessage,
): Partial<RunStatus> {
  const { runKey, backend, step, metrics } = terminationMessage
  return {
    ...omitUndefined({ runKey, backend }),
    step,
    totalSteps: step,
    metrics,
    ...collectReusedEvaluations(spec, terminationMessage),
  }
}

const buildEvaluationStatusPatch = (
  name: string,
  terminationMessage: TerminationMessage,
): Partial<RunStatus> => ({
  evaluations: terminationMessage.evaluations.map(({ key, at, metrics, figures }) => ({
    name,
    at,
    key,
    metrics,
    figures,
  })),
})

/**
 * A pod has ended well, and its termination message is its result. An evaluation that left
 * fractions, since their checkpoints are not complete yet, waits for them. `task` has its clocks
 * added up.
 */
function concludeSucceeded(
  spec: RunSpec,
  task: TaskStatus,
  terminationMessage: TerminationMessage,
): TaskConclusion {
  const { reused, unmeasured = [] } = terminationMessage
  const statusPatch =
    task.kind === 'Training'
      ? buildTrainingStatusPatch(spec, terminationMessage)
      : buildEvaluationStatusPatch(task.name, terminationMessage)
  if (unmeasured.length > 0) return { task: { ...task, state: 'Pending' }, events: [], statusPatch }
  const done: TaskStatus = { ...task, state: 'Succeeded' }
  return { task: reused ? { ...done, reused: true } : done, events: [], statusPatch }
}

/** A task whose attempt came to nothing: the next one may be for the same checkpoint. */
function returnToPending({ checkpointStep: _, ...task }: TaskStatus): TaskStatus {
  return { ...task, state: 'Pending' }
}

/**
 * Charges a failed attempt: tried again within the limit of its cause, else the task has failed.
 */
function concludeFailed(
  observed: ObservedTask,
  cause: FailureCause,
  message: string,
): TaskConclusion {
  const { spec, job, nowMs } = observed
  const task = addJobDurations(observed.task, job, nowMs)
  const spent = task.retries?.[cause] ?? 0
  const limit = findRetryLimit(cause, spec.retries)
  const isRetried = spent < limit
  const event: PlannedEvent = {
    type: 'Warning',
    reason: 'AttemptFailed',
    message: `${describeTask(task)}, attempt ${task.attempt}: ${message}; ${isRetried ? `trying again (${cause}, ${spent + 1} of ${limit})` : `not tried again (${cause})`}`,
  }
  const next: TaskStatus = isRetried
    ? { ...returnToPending(task), retries: { ...task.retries, [cause]: spent + 1 } }
    : { ...task, state: 'Failed' }
  return {
    task: { ...next, cause, message: message.slice(0, 1500) },
    events: [event],
    statusPatch: {},
  }
}

/** A live Job goes on until its deadline. */
function checkDeadline(observed: ObservedTask, job: ObservedJob): TaskConclusion {
  const deadline = findRunningDeadline(observed, job)
  if (deadline === undefined) return buildUnchangedConclusion(observed.task)
  if (deadline.remainingMs > 0)
    return { ...buildUnchangedConclusion(observed.task), deadlineInMs: deadline.remainingMs }
  const why = job.waiting?.message === undefined ? '' : `: ${job.waiting.message}`
  const timedOut = concludeFailed(
    observed,
    'Deadline',
    `deadlines.${deadline.name} has passed${why}`,
  )
  return { ...timedOut, deleteJob: observed.jobName }
}

/**
 * The task of a pod that is asked to end. Its clocks are added up now, since the Job is gone with
 * the pod.
 */
export const stopTask = ({
  task,
  job,
  nowMs,
}: Pick<ObservedTask, 'task' | 'job' | 'nowMs'>): TaskStatus => ({
  ...addJobDurations(task, job, nowMs),
  state: 'Stopping',
})

/** A pod we asked to end: its attempt is not charged, whatever its exit code. */
function concludeStopping({ spec, task, job }: ObservedTask): TaskConclusion {
  if (job !== undefined && isLiveJob(job)) return buildUnchangedConclusion(task)
  const terminationMessage = job?.state === 'Succeeded' ? job.termination : undefined
  return terminationMessage === undefined
    ? buildUnchangedConclusion(returnToPending(task))
    : concludeSucceeded(spec, task, terminationMessage)
}

/**
 * What a Job that ended, or was given up while its pod is still there, means. One that says nothing
 * has no results to show: its next attempt finds them under their key.
 */
function concludeEndedJob(observed: ObservedTask, job: ObservedJob): TaskConclusion {
  const { spec, task, nowMs } = observed
  const { state, termination, exitCode } = job
  if (state === 'Succeeded') {
    return termination === undefined
      ? concludeFailed(
          observed,
          'Infrastructure',
          'exit code 0, but its termination message is missing',
        )
      : concludeSucceeded(spec, addJobDurations(task, job, nowMs), termination)
  }
  const exitDescription = exitCode === undefined ? 'ended by a signal' : `exit code ${exitCode}`
  const why = termination?.message ?? job.message ?? exitDescription
  const failed = concludeFailed(observed, classifyJobFailure(job), why)
  return job.endedMs === undefined ? { ...failed, deleteJob: observed.jobName } : failed
}

/** A Job that vanished was taken from us, unless we asked for it and could not write it down. */
const concludeMissingJob = (observed: ObservedTask): TaskConclusion =>
  observed.spec.suspend === true
    ? concludeStopping(observed)
    : concludeFailed(observed, 'Disruption', 'its Job is gone')

/** Looks at the Job of a task and says what became of it. */
export function concludeTask(observed: ObservedTask): TaskConclusion {
  const { task, job } = observed
  if (task.state === 'Stopping') return concludeStopping(observed)
  if (task.state !== 'Running') return buildUnchangedConclusion(task)
  if (job === undefined) return concludeMissingJob(observed)
  return isLiveJob(job) ? checkDeadline(observed, job) : concludeEndedJob(observed, job)
}

/**
 * Each task as it was concluded. An evaluation whose results a training found with its own needs no
 * Job.
 */
export function listConcludedTasks(conclusions: readonly TaskConclusion[]): readonly TaskStatus[] {
  const results = conclusions.flatMap(({ task, statusPatch }) =>
    task.kind === 'Training' ? (statusPatch.evaluations ?? []) : [],
  )
  const found = new Set(results.map(({ name }) => name))
  return conclusions.map(({ task }) =>
    task.kind === 'Evaluation' && task.state === 'Pending' && found.has(task.name)
      ? { ...task, state: 'Succeeded', reused: true }
      : task,
  )
}
