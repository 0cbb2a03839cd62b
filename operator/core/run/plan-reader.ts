import type { NeCoRun, RunStatus, WorkStatus } from '../../../crds/necorun.ts'
import type { ReaderRequest } from '../../ports/job-request.ts'
import type { ObservedJob } from '../../ports/observed-job.ts'
import { endTimeMs } from '../conditions.ts'
import type { HomeFacts } from '../home-facts.ts'
import { buildReader } from '../jobs/build-job.ts'
import { jobName, readerName, workIndexAt } from '../jobs/job-name.ts'
import type { Plan } from '../plan.ts'

export interface ReaderAction {
  readonly kind: 'CreateReader'
  readonly reader: ReaderRequest
}

export type ReaderPlan = Plan<ReaderAction, RunStatus>

/** A run that has ended, and what is left of its Jobs. */
export interface EndedRun {
  readonly run: NeCoRun
  readonly jobs: readonly ObservedJob[]
  readonly home: Pick<HomeFacts, 'busState' | 'hasLeftReports'>
  readonly nowMs: number
}

export interface AttemptOfWork {
  readonly work: string
  readonly attempt: number
}

/** The last words of a pod may be heard after its end is seen. */
const SETTLE_MS = 10_000
const RETRY_MS = 60_000
/** What so many readers could not ship stays on the storage, and the status says so. */
const MOST_READERS = 5

const NOTHING: ReaderPlan = { actions: [], events: [] }

/** The attempts of a run that may have reported something: all but those whose Jobs show that no pod of theirs has run. */
export function attemptsThatRan({ run, jobs }: Pick<EndedRun, 'run' | 'jobs'>): AttemptOfWork[] {
  const hasRun = (name: string): boolean => {
    const job = jobs.find((one) => one.name === name)
    return job === undefined || job.startedMs !== undefined
  }
  const attemptsOf = ({ name, attempt }: WorkStatus, position: number): AttemptOfWork[] =>
    Array.from({ length: attempt }, (_, i) => ({ work: name, attempt: i + 1 })).filter((of) =>
      hasRun(jobName(run.metadata.name, workIndexAt(position), of.attempt)),
    )
  return (run.status?.work ?? []).flatMap(attemptsOf)
}

/** What a run writes down at its end, so that what has not arrived is fetched also by an operator that never heard its pods. */
export const leftAtEnd = ({ busState, hasLeftReports }: HomeFacts): Partial<RunStatus> =>
  busState !== 'Off' && hasLeftReports === true ? { leftReports: { readers: 0 } } : {}

const isLive = ({ state, isEnding }: ObservedJob): boolean =>
  isEnding || state === 'Pending' || state === 'Running'

/** How long until the next reader is due (ms). */
function dueInMs({ run, nowMs }: EndedRun, before: ObservedJob | undefined): number {
  const last = before?.endedMs
  const dueMs = last === undefined ? endTimeMs(run.status?.conditions) + SETTLE_MS : last + RETRY_MS
  return Math.max(0, dueMs - nowMs)
}

/** The reader that ships what ended pods of a run left, once they have all ended and the bus is there; none where all has arrived meanwhile. */
export function planReader(ended: EndedRun): ReaderPlan {
  const { run, jobs, home } = ended
  const { leftReports, ...rest } = run.status ?? {}
  if (leftReports === undefined || home.busState !== 'Connected') return NOTHING
  const { readers } = leftReports
  const named = (name: string) => jobs.find((job) => job.name === name)
  const newest = named(readerName(run.metadata.name, readers))
  const isDone = newest?.state === 'Succeeded' || home.hasLeftReports !== true
  if (isDone) return { ...NOTHING, status: rest as RunStatus }
  if (readers >= MOST_READERS || jobs.some(isLive)) return NOTHING
  const waitMs = dueInMs(ended, newest)
  if (waitMs > 0) return { ...NOTHING, requeueAfterMs: waitMs }
  const reader = buildReader(run, readers + 1)
  return {
    ...NOTHING,
    actions: [{ kind: 'CreateReader', reader }],
    status: { ...rest, leftReports: { readers: readers + 1 } } as RunStatus,
  }
}

/** Whether a Job ships what others left: it may outlive their time. */
export const isLiveReader = ({ run }: EndedRun, job: ObservedJob): boolean =>
  job.name === readerName(run.metadata.name, run.status?.leftReports?.readers ?? 0) && isLive(job)
