import type { TaskAddress } from '../../../contract/task-address.ts'
import type { NeCoRun, RunStatus, TaskStatus } from '../../../crds/necorun.ts'
import type { ReaderRequest } from '../../ports/job-request.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { endTimeMs } from '../conditions.ts'
import { buildReaderRequest } from '../jobs/build-job-request.ts'
import { buildJobName, buildReaderJobName } from '../jobs/job-name.ts'
import type { PlatformState } from '../platform-state.ts'
import type { ReconcilePlan } from '../reconcile-plan.ts'

export interface ReaderAction {
  readonly kind: 'CreateReader'
  readonly reader: ReaderRequest
}

export type ReaderPlan = ReconcilePlan<ReaderAction, RunStatus>

/** A run that has ended, and what is left of its Jobs. */
export interface EndedRun {
  readonly run: NeCoRun
  readonly jobs: readonly ObservedJob[]
  readonly platform: Pick<PlatformState, 'busState' | 'hasUnshippedReports'>
  readonly nowMs: number
}

export interface TaskAttempt {
  readonly task: TaskAddress
  readonly attempt: number
}

/** The last heartbeat of a pod may arrive after its end is seen. */
const READER_DELAY_MS = 10_000
const READER_RETRY_MS = 60_000
/** What so many readers could not ship stays on the storage, and the status says so. */
const MAX_READERS = 5

const EMPTY_PLAN: ReaderPlan = { actions: [], events: [] }

/**
 * The attempts of a run that may have reported something: all but those whose Jobs show that no pod
 * of theirs has run.
 */
export function listStartedAttempts({ run, jobs }: Pick<EndedRun, 'run' | 'jobs'>): TaskAttempt[] {
  const hasStarted = (name: string): boolean => {
    const job = jobs.find((one) => one.name === name)
    return job === undefined || job.startedMs !== undefined
  }
  const listTaskAttempts = ({ kind, name, attempt }: TaskStatus): TaskAttempt[] =>
    Array.from({ length: attempt }, (_, i) => ({ task: { kind, name }, attempt: i + 1 })).filter(
      (taskAttempt) => hasStarted(buildJobName(run, taskAttempt.task, taskAttempt.attempt)),
    )
  return (run.status?.tasks ?? []).flatMap(listTaskAttempts)
}

/**
 * What a run writes down at its end, so that what has not arrived is fetched also by an operator
 * that never received its reports.
 */
export const buildUnshippedPatch = ({
  busState,
  hasUnshippedReports,
}: PlatformState): Partial<RunStatus> =>
  busState !== 'Off' && hasUnshippedReports === true ? { unshippedReports: { readers: 0 } } : {}

const isLiveOrTerminating = ({ state, isEnding }: ObservedJob): boolean =>
  isEnding || state === 'Pending' || state === 'Running'

/** How long until the next reader is due (ms). */
function computeReaderDelayMs({ run, nowMs }: EndedRun, before: ObservedJob | undefined): number {
  const last = before?.endedMs
  const dueMs =
    last === undefined
      ? endTimeMs(run.status?.conditions) + READER_DELAY_MS
      : last + READER_RETRY_MS
  return Math.max(0, dueMs - nowMs)
}

/**
 * The reader that ships what ended pods of a run left, once they have all ended and the bus is
 * there; none where all has arrived meanwhile.
 */
export function planReader(endedRun: EndedRun): ReaderPlan {
  const { run, jobs, platform } = endedRun
  const { unshippedReports, ...rest } = run.status ?? {}
  if (unshippedReports === undefined || platform.busState !== 'Connected') return EMPTY_PLAN
  const { readers } = unshippedReports
  const findNamedJob = (name: string) => jobs.find((job) => job.name === name)
  const newest = findNamedJob(buildReaderJobName(run.metadata.name, readers))
  const isShipped = newest?.state === 'Succeeded' || platform.hasUnshippedReports !== true
  if (isShipped) return { ...EMPTY_PLAN, status: rest as RunStatus }
  if (readers >= MAX_READERS || jobs.some(isLiveOrTerminating)) return EMPTY_PLAN
  const waitMs = computeReaderDelayMs(endedRun, newest)
  if (waitMs > 0) return { ...EMPTY_PLAN, requeueAfterMs: waitMs }
  const reader = buildReaderRequest(run, readers + 1)
  return {
    ...EMPTY_PLAN,
    actions: [{ kind: 'CreateReader', reader }],
    status: { ...rest, unshippedReports: { readers: readers + 1 } } as RunStatus,
  }
}

/** Whether a Job ships what others left: it may outlive their time. */
export const isLiveReader = ({ run }: EndedRun, job: ObservedJob): boolean =>
  job.name === buildReaderJobName(run.metadata.name, run.status?.unshippedReports?.readers ?? 0) &&
  isLiveOrTerminating(job)
