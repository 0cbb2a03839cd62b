import { isKubeError } from '../../kube/kube-error.ts'
import type { ObjectKey } from '../../kube/object-key.ts'
import type { ReconcileResult } from '../../kube/queue/work-queue.ts'
import { isAccepted } from '../core/conditions.ts'
import type { PlatformState } from '../core/platform-state.ts'
import { listStartedAttempts } from '../core/run/plan-reader.ts'
import { planRefusedRun, planRun } from '../core/run/plan-run.ts'
import type { ObservedRun, RunAction, RunPlan } from '../core/run/run-plan.ts'
import type { JobRequest, ReaderRequest } from '../ports/job-request.ts'
import type { StoredRun } from '../ports/objects.ts'
import { findBlockedReason } from './find-blocked-reason.ts'
import type { Platform } from './platform.ts'

/** A 409 is success only if the Job that is there is ours by UID. */
async function ensureJob({ jobs }: Platform, job: JobRequest): Promise<void> {
  try {
    await jobs.create(job)
  } catch (error) {
    if (!isKubeError(error, 'AlreadyExists')) throw error
    const owned = await jobs.listOwnedBy(job.owner.uid)
    if (owned.some(({ name, isEnding }) => name === job.name && !isEnding)) return
    throw error
  }
}

/**
 * A reader that cannot be made counts as one that has failed: nothing else of the run depends on
 * it.
 */
async function ensureReaderJob({ jobs }: Platform, reader: ReaderRequest): Promise<void> {
  try {
    await jobs.createReader(reader)
  } catch (error) {
    const isPermanent = isKubeError(error, 'Invalid') || isKubeError(error, 'NameConflict')
    if (!isPermanent) throw error
  }
}

async function applyRunAction(
  platform: Platform,
  { metadata }: StoredRun,
  action: RunAction,
): Promise<void> {
  const { namespace, uid: runUid } = metadata
  if (action.kind === 'CreateJob') return ensureJob(platform, action.job)
  if (action.kind === 'CreateReader') return ensureReaderJob(platform, action.reader)
  if (action.kind === 'DeleteJob') return platform.jobs.delete({ namespace, name: action.name })
  const { task, attempt } = action
  platform.checkpointRequester.request({ namespace, runUid, task, attempt })
}

/** All writes: the actions, then the status in one write, then the events. */
async function applyRunPlan(
  platform: Platform,
  run: StoredRun,
  plan: RunPlan,
): Promise<ReconcileResult> {
  const { namespace, name, uid, resourceVersion } = run.metadata
  const key = { namespace, name }
  for (const action of plan.actions) await applyRunAction(platform, run, action)
  if (plan.status !== undefined) await platform.runs.writeStatus(key, plan.status, resourceVersion)
  for (const event of plan.events) {
    await platform.events.publish({ kind: 'NeCoRun', key, uid, ...event })
  }
  const { requeueAfterMs } = plan
  return requeueAfterMs === undefined ? {} : { requeueAfterMs }
}

/** What a run needs is looked for until it is accepted: after that its attempts say. */
async function findRunPrerequisites(
  { prerequisites }: Platform,
  { spec, status, metadata: { namespace } }: StoredRun,
): Promise<Pick<PlatformState, 'blockers' | 'defaultEvaluationParallelism'>> {
  if (isAccepted(status)) return { blockers: [] }
  const query = { namespace, spec, parallelism: 1 }
  return {
    blockers: await prerequisites.findBlockers(query),
    defaultEvaluationParallelism: await prerequisites.findEvaluationParallelism(query),
  }
}

function hasUnshippedReports(
  { hints }: Platform,
  { run, jobs }: Pick<ObservedRun, 'run' | 'jobs'>,
): boolean {
  const { namespace = '', uid: runUid = '' } = run.metadata
  const attempts = hints.busState() === 'Off' ? [] : listStartedAttempts({ run, jobs })
  return attempts.some((attempt) => !hints.isFullyReported({ namespace, runUid, ...attempt }))
}

async function observeRun(platform: Platform, run: StoredRun): Promise<ObservedRun> {
  const { uid } = run.metadata
  const jobs = await platform.jobs.listOwnedBy(uid)
  return {
    run,
    jobs,
    platform: {
      ...(await findRunPrerequisites(platform, run)),
      busState: platform.hints.busState(),
      busProblem: platform.hints.busProblem(),
      progress: platform.hints.findProgress(uid),
      checkpoint: platform.hints.findCheckpoint(uid),
      hasUnshippedReports: hasUnshippedReports(platform, { run, jobs }),
      defaultTtlSeconds: platform.jobs.defaultTtlSeconds,
    },
    nowMs: platform.clock.nowMs(),
  }
}

/** Brings one run a step further: observe, plan, apply. */
export async function reconcileRun(platform: Platform, key: ObjectKey): Promise<ReconcileResult> {
  const run = await platform.runs.get(key)
  if (run === undefined || run.metadata.deletionTimestamp !== undefined) return {}
  const observed = await observeRun(platform, run)
  try {
    return await applyRunPlan(platform, run, planRun(observed))
  } catch (error) {
    const plan = planAfterError(observed, error)
    if (plan === undefined) throw error
    return applyRunPlan(platform, run, plan)
  }
}

/**
 * What to plan where trying the same again at once cannot help: the platform refuses the Job, or
 * something is in its way.
 */
function planAfterError(observed: ObservedRun, error: unknown): RunPlan | undefined {
  if (isKubeError(error, 'Invalid')) {
    const { message } = error as Error
    return planRefusedRun(observed, [{ reason: 'Refused', path: 'pod', message }])
  }
  const blocked = findBlockedReason(error)
  return blocked === undefined ? undefined : planRun({ ...observed, blocked })
}
