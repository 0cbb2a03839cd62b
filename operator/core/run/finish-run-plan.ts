import type { RunStatus, TaskStatus } from '../../../crds/necorun.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { toCanonicalJson } from '../canonical-json.ts'
import { buildConditions, isEnded } from '../conditions.ts'
import { buildStateEvents } from '../state-events.ts'
import { buildUnshippedPatch } from './plan-reader.ts'
import type { ObjectOutcome } from './run-outcome.ts'
import type { ObservedRun, RunPlan, RunPlanDraft } from './run-plan.ts'
import { computeProgressWaitMs, isProgressOnly, PROGRESS_INTERVAL_MS } from './run-progress.ts'

const isSameRunStatus = (a: RunStatus, b: RunStatus | undefined): boolean =>
  toCanonicalJson(a) === toCanonicalJson(b)

const isTraining = (tasks: readonly TaskStatus[]): boolean =>
  tasks.some(({ kind, state }) => kind === 'Training' && state === 'Running')

/** What the pod of the training last reported, while it trains. */
function buildProgressPatch(
  { run, platform }: ObservedRun,
  { tasks }: RunPlanDraft,
): Partial<RunStatus> {
  const { progress } = platform
  if (progress === undefined || !isTraining(tasks)) return {}
  const { step, totalSteps, metrics } = progress
  return { step, totalSteps, metrics: { ...run.status?.metrics, ...metrics } }
}

/**
 * The image of the first pod that reports one: later attempts run it too, whatever its tag means by
 * then.
 */
function buildImageIdPatch({ run, jobs }: ObservedRun): Partial<RunStatus> {
  if (run.status?.imageId !== undefined) return {}
  const imageId = jobs.find((job) => job.imageId !== undefined)?.imageId
  return imageId === undefined ? {} : { imageId }
}

function buildNextRunStatus(
  observed: ObservedRun,
  draft: RunPlanDraft,
  outcome: ObjectOutcome,
): RunStatus {
  const { run, platform, nowMs } = observed
  const { generation = 1 } = run.metadata
  const before = run.status
  const conditions = buildConditions(
    { ...outcome, bus: platform, generation, nowMs },
    before?.conditions,
  )
  return {
    ...before,
    ...buildImageIdPatch(observed),
    ...buildProgressPatch(observed, draft),
    ...draft.statusPatch,
    ...(isEnded(conditions) ? buildUnshippedPatch(platform) : {}),
    conditions,
    observedGeneration: generation,
    ...(draft.tasks.length === 0 ? {} : { tasks: [...draft.tasks] }),
  }
}

/** The status to write now, and how long until more of it may be written. */
function decideStatusWrite(
  status: RunStatus,
  before: RunStatus | undefined,
  nowMs: number,
): { readonly status?: RunStatus; readonly waitMs: readonly number[] } {
  if (isSameRunStatus(status, before)) return { waitMs: [] }
  if (!isProgressOnly(status, before)) return { status, waitMs: [] }
  const waitMs = computeProgressWaitMs(before, nowMs)
  if (waitMs > 0) return { waitMs: [waitMs] }
  return { status: { ...status, progressTime: new Date(nowMs).toISOString() }, waitMs: [] }
}

/**
 * The plan of a draft: its actions, the status where there is more to say than before, and the
 * events of that.
 */
export function finishRunPlan(
  observed: ObservedRun,
  draft: RunPlanDraft,
  outcome: ObjectOutcome,
): RunPlan {
  const { run, platform, nowMs } = observed
  const due = decideStatusWrite(buildNextRunStatus(observed, draft, outcome), run.status, nowMs)
  const previousReason = run.status?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const expectsProgress = outcome.state === 'Running' && platform.busState !== 'Off'
  const waits = [...draft.waitMs, ...due.waitMs, ...(expectsProgress ? [PROGRESS_INTERVAL_MS] : [])]
  return {
    actions: draft.actions,
    ...omitUndefined({ status: due.status }),
    // What is not written yet would be reported again at every reconcile.
    events: [
      ...draft.events,
      ...(due.status === undefined ? [] : buildStateEvents(outcome, previousReason)),
    ],
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  }
}
