import type { NeCoRun } from '../../../crds/necorun.ts'
import type { NeCoSweep, SweepStatus } from '../../../crds/necosweep.ts'
import type { SearchMethod } from '../../../search/search-method.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { toCanonicalJson } from '../canonical-json.ts'
import { isEnded, withObservedGeneration } from '../conditions.ts'
import { BLOCKED_RETRY_MS, type ReconcilePlan } from '../reconcile-plan.ts'
import type { ObjectOutcome } from '../run/run-outcome.ts'
import { buildStateEvents } from '../state-events.ts'
import { buildSweepRun } from './build-sweep-run.ts'
import { findSearchMethod } from './decode-point.ts'
import type { ObservedSweep } from './observed-sweep.ts'
import { type NextRuns, planNextRuns } from './plan-next-runs.ts'
import { decideFinalSweepOutcome, decideLiveSweepOutcome } from './sweep-outcome.ts'
import { buildSweepStatus } from './sweep-status.ts'

export type SweepAction =
  | { readonly kind: 'CreateRun'; readonly run: NeCoRun }
  | { readonly kind: 'SuspendRun'; readonly name: string; readonly suspend: boolean }

export type SweepPlan = ReconcilePlan<SweepAction, SweepStatus>

/**
 * Chooses the next steps of a sweep. Pure and total: equal inputs give equal plans, and a plan that
 * was applied gives no further action. A test may give a search method of its own.
 */
export function planSweep(
  observed: ObservedSweep,
  method: SearchMethod = findSearchMethod(observed.sweep.spec),
): SweepPlan {
  const { sweep } = observed

  // 1. A sweep that has ended stays as it is.
  if (isEnded(sweep.status?.conditions)) return planEndedSweep(sweep)

  // 2. Ask the search which runs come next.
  const next = observed.problems.length > 0 ? NO_RUNS : planNextRuns(observed, method)

  // 3. Decide whether the sweep ends here: refused, over budget, complete or stalled.
  const final = decideFinalSweepOutcome(observed, next)

  // 4. Pass suspension on to live runs, and create the runs that come next.
  const actions = [
    ...planSuspensions(observed, final),
    ...(final === undefined ? planRunCreations(sweep, next) : []),
  ]

  // 5. Build the status as it is once these actions are applied.
  const outcome = final ?? decideLiveSweepOutcome(observed, next)
  const createdCount = final === undefined ? next.runs.length : 0
  const status = buildSweepStatus(observed, { outcome, points: next.points, createdCount })

  // 6. Write the status if it differs, publish a new state, and look again while blocked.
  return { actions, ...planReport(observed, outcome, status) }
}

const NO_RUNS: NextRuns = { runs: [], points: 0, isWaiting: false }

/** Only observedGeneration follows later edits: tools that wait for an object read it. */
function planEndedSweep({ status, metadata }: NeCoSweep): SweepPlan {
  const updatedStatus = withObservedGeneration(status, metadata.generation)
  return { actions: [], events: [], ...omitUndefined({ status: updatedStatus }) }
}

/**
 * Live runs are suspended as the sweep is. One that failed suspends them all, and any other end
 * leaves them as they are.
 */
function planSuspensions(
  { sweep, aggregate }: ObservedSweep,
  final: ObjectOutcome | undefined,
): SweepAction[] {
  if (final !== undefined && final.state !== 'Failed') return []
  const suspend = final !== undefined || (sweep.spec.suspend ?? false)
  return [...aggregate.live.values()]
    .filter(({ isSuspended }) => isSuspended !== suspend)
    .map(({ name }) => ({ kind: 'SuspendRun', name, suspend }))
}

const planRunCreations = (sweep: NeCoSweep, { runs }: NextRuns): SweepAction[] =>
  runs.map((planned) => ({ kind: 'CreateRun', run: buildSweepRun(sweep, planned) }))

function planReport(
  { sweep, platform, blocked }: ObservedSweep,
  outcome: ObjectOutcome,
  status: SweepStatus,
): Omit<SweepPlan, 'actions'> {
  const before = sweep.status
  const previousReason = before?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const isSame = toCanonicalJson(status) === toCanonicalJson(before)
  const isBlocked = platform.blockers.length > 0 || blocked !== undefined
  return {
    ...(isSame ? {} : { status }),
    events: buildStateEvents(outcome, previousReason),
    ...(isBlocked ? { requeueAfterMs: BLOCKED_RETRY_MS } : {}),
  }
}
