import type { TerminationMessage } from '../../../contract/run-report.ts'
import type { RunStatus, WorkStatus } from '../../../crds/necorun.ts'
import type { RunSpec } from '../../../crds/spec/run-spec.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import type { PlannedEvent } from '../plan.ts'
import { clocksOf, deadlineOf } from './deadline.ts'
import { type FailureCause, failureCause, retryLimit } from './failure-cause.ts'

export interface WorkAndJob {
  readonly spec: RunSpec
  readonly work: WorkStatus
  /** The Job of the newest attempt, if it is there. */
  readonly job: ObservedJob | undefined
  readonly jobName: string
  readonly nowMs: number
}

/** What became of one piece of work. */
export interface Concluded {
  readonly work: WorkStatus
  readonly events: readonly PlannedEvent[]
  /** What the last words of the pod add to the status of the run. */
  readonly facts: Partial<RunStatus>
  readonly deleteJob?: string
  /** How long until its deadline passes, while it waits or runs. */
  readonly deadlineInMs?: number
}

const unchanged = (work: WorkStatus): Concluded => ({ work, events: [], facts: {} })

const isLive = ({ state }: ObservedJob): boolean => state === 'Pending' || state === 'Running'

/** Adds the clocks of an attempt: suspension ends it, so that they stand still until the next. */
function addClocks(work: WorkStatus, job: ObservedJob | undefined, nowMs: number): WorkStatus {
  if (job === undefined) return work
  const { queuedMs, ranMs } = clocksOf(job, nowMs)
  return {
    ...work,
    queuedMs: (work.queuedMs ?? 0) + Math.round(queuedMs),
    ranMs: (work.ranMs ?? 0) + Math.round(ranMs),
  }
}

/** Evaluations that a training found with its own result, as far as all that the run asks of them is there. */
function foundEvaluations({ evaluations = [] }: RunSpec, words: TerminationMessage) {
  const found = evaluations.flatMap(({ name, at }) => {
    const results = words.evaluations.filter((one) => one.name === name)
    const isWhole = at.every((fraction) => results.some((one) => one.at === fraction))
    return isWhole ? results.map((result) => ({ ...result, name })) : []
  })
  return found.length === 0 ? {} : { evaluations: found }
}

function trainingFacts(spec: RunSpec, words: TerminationMessage): Partial<RunStatus> {
  const { runKey, backend, step, metrics } = words
  return {
    ...omitUndefined({ runKey, backend }),
    step,
    totalSteps: step,
    metrics,
    ...foundEvaluations(spec, words),
  }
}

const evaluationFacts = (name: string, words: TerminationMessage): Partial<RunStatus> => ({
  evaluations: words.evaluations.map(({ key, at, metrics, figures }) => ({
    name,
    at,
    key,
    metrics,
    figures,
  })),
})

/** The work is done by the last words of its pod; `work` has its clocks added up. */
function succeed(spec: RunSpec, work: WorkStatus, words: TerminationMessage): Concluded {
  const facts =
    work.name === 'train' ? trainingFacts(spec, words) : evaluationFacts(work.name, words)
  const done: WorkStatus = { ...work, state: 'Succeeded' }
  return { work: words.reused ? { ...done, reused: true } : done, events: [], facts }
}

/** Charges a failed attempt: tried again within the limit of its cause, else the work has failed. */
function fail(given: WorkAndJob, cause: FailureCause, message: string): Concluded {
  const { spec, job, nowMs } = given
  const work = addClocks(given.work, job, nowMs)
  const spent = work.retries?.[cause] ?? 0
  const limit = retryLimit(cause, spec.retries)
  const isRetried = spent < limit
  const event: PlannedEvent = {
    type: 'Warning',
    reason: 'AttemptFailed',
    message: `${work.name}, attempt ${work.attempt}: ${message}; ${isRetried ? `trying again (${cause}, ${spent + 1} of ${limit})` : `not tried again (${cause})`}`,
  }
  const next: WorkStatus = isRetried
    ? { ...work, state: 'Pending', retries: { ...work.retries, [cause]: spent + 1 } }
    : { ...work, state: 'Failed' }
  return { work: { ...next, cause, message: message.slice(0, 1500) }, events: [event], facts: {} }
}

/** A live Job goes on until its deadline. */
function watchDeadline(given: WorkAndJob, job: ObservedJob): Concluded {
  const deadline = deadlineOf(given, job)
  if (deadline === undefined) return unchanged(given.work)
  if (deadline.leftMs > 0) return { ...unchanged(given.work), deadlineInMs: deadline.leftMs }
  const why = job.waiting?.message === undefined ? '' : `: ${job.waiting.message}`
  const late = fail(given, 'Deadline', `deadlines.${deadline.name} has passed${why}`)
  return { ...late, deleteJob: given.jobName }
}

/** The work of a pod that is asked to end. Its clocks are added up now, since the Job is gone with the pod. */
export const stopWork = ({
  work,
  job,
  nowMs,
}: Pick<WorkAndJob, 'work' | 'job' | 'nowMs'>): WorkStatus => ({
  ...addClocks(work, job, nowMs),
  state: 'Stopping',
})

/** A pod we asked to end: its attempt is not charged, whatever its exit code. */
function settleStopping({ spec, work, job }: WorkAndJob): Concluded {
  if (job !== undefined && isLive(job)) return unchanged(work)
  const words = job?.state === 'Succeeded' ? job.termination : undefined
  return words === undefined ? unchanged({ ...work, state: 'Pending' }) : succeed(spec, work, words)
}

/** What a Job that ended, or was given up while its pod is still there, means. One that says nothing has no results to show: its next attempt finds them under their key. */
function settleEnded(given: WorkAndJob, job: ObservedJob): Concluded {
  const { spec, work, nowMs } = given
  const { state, termination, exitCode } = job
  if (state === 'Succeeded') {
    return termination === undefined
      ? fail(given, 'Infrastructure', 'exit code 0, but its last words are missing')
      : succeed(spec, addClocks(work, job, nowMs), termination)
  }
  const silent = exitCode === undefined ? 'ended by a signal' : `exit code ${exitCode}`
  const why = termination?.message ?? job.message ?? silent
  const failed = fail(given, failureCause(job), why)
  return job.endedMs === undefined ? { ...failed, deleteJob: given.jobName } : failed
}

/** A Job that vanished was taken from us, unless we asked for it and could not write it down. */
const settleGone = (given: WorkAndJob): Concluded =>
  given.spec.suspend === true ? settleStopping(given) : fail(given, 'Disruption', 'its Job is gone')

/** Looks at the Job of a piece of work and says what became of it. */
export function concludeWork(given: WorkAndJob): Concluded {
  const { work, job } = given
  if (work.state === 'Stopping') return settleStopping(given)
  if (work.state !== 'Running') return unchanged(work)
  if (job === undefined) return settleGone(given)
  return isLive(job) ? watchDeadline(given, job) : settleEnded(given, job)
}

/** Each work as it was concluded. An evaluation whose results a training found with its own needs no Job. */
export function settledWorks(concluded: readonly Concluded[]): readonly WorkStatus[] {
  const results = concluded.flatMap(({ facts }) => facts.evaluations ?? [])
  const found = new Set(results.map(({ name }) => name))
  return concluded.map(({ work }) =>
    work.state === 'Pending' && found.has(work.name)
      ? { ...work, state: 'Succeeded', reused: true }
      : work,
  )
}
