import type { RunStatus } from '../../../crds/necorun.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { canonicalText } from '../canonical-text.ts'
import { conditionsOf, isEnded } from '../conditions.ts'
import { PLAN_VERSION } from '../plan.ts'
import { stateEvents } from '../state-events.ts'
import { leftAtEnd } from './plan-reader.ts'
import type { ObservedRun, RunDraft, RunPlan } from './run-draft.ts'
import type { Outcome } from './run-outcome.ts'
import { isProgressOnly, PROGRESS_EVERY_MS, progressWaitMs } from './run-progress.ts'

const sameStatus = (a: RunStatus, b: RunStatus | undefined): boolean =>
  canonicalText(a) === canonicalText(b)

/** What the pod of the training last said, while it trains. */
function progressOf({ run, home }: ObservedRun, { works }: RunDraft): Partial<RunStatus> {
  const { progress } = home
  if (progress === undefined || works[0]?.state !== 'Running') return {}
  const { step, totalSteps, metrics } = progress
  return { step, totalSteps, metrics: { ...run.status?.metrics, ...metrics } }
}

/** The image of the first pod that reports one: later attempts run it too, whatever its tag means by then. */
function imageIdOf({ run, jobs }: ObservedRun): Partial<RunStatus> {
  if (run.status?.imageId !== undefined) return {}
  const imageId = jobs.find((job) => job.imageId !== undefined)?.imageId
  return imageId === undefined ? {} : { imageId }
}

function statusOf(observed: ObservedRun, draft: RunDraft, outcome: Outcome): RunStatus {
  const { run, home, nowMs } = observed
  const { generation = 1 } = run.metadata
  const before = run.status
  const conditions = conditionsOf({ ...outcome, bus: home, generation, nowMs }, before?.conditions)
  return {
    ...before,
    ...imageIdOf(observed),
    ...progressOf(observed, draft),
    ...draft.facts,
    ...(isEnded(conditions) ? leftAtEnd(home) : {}),
    conditions,
    observedGeneration: generation,
    planVersion: before?.planVersion ?? PLAN_VERSION,
    ...(draft.works.length === 0 ? {} : { work: [...draft.works] }),
  }
}

/** The status to write now, and how long until more of it may be written. */
function dueStatus(
  status: RunStatus,
  before: RunStatus | undefined,
  nowMs: number,
): { readonly status?: RunStatus; readonly waitMs: readonly number[] } {
  if (sameStatus(status, before)) return { waitMs: [] }
  if (!isProgressOnly(status, before)) return { status, waitMs: [] }
  const waitMs = progressWaitMs(before, nowMs)
  if (waitMs > 0) return { waitMs: [waitMs] }
  return { status: { ...status, progressTime: new Date(nowMs).toISOString() }, waitMs: [] }
}

/** The plan of a draft: its actions, the status where there is more to say than before, and the events of that. */
export function finishDraft(observed: ObservedRun, draft: RunDraft, outcome: Outcome): RunPlan {
  const { run, home, nowMs } = observed
  const due = dueStatus(statusOf(observed, draft, outcome), run.status, nowMs)
  const was = run.status?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const isHeard = outcome.state === 'Running' && home.busState !== 'Off'
  const waits = [...draft.waitMs, ...due.waitMs, ...(isHeard ? [PROGRESS_EVERY_MS] : [])]
  return {
    actions: draft.actions,
    ...omitUndefined({ status: due.status }),
    // What is not written yet would be said again at every look.
    events: [...draft.events, ...(due.status === undefined ? [] : stateEvents(outcome, was))],
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  }
}
