import type { NeCoRun } from '../../../crds/necorun.ts'
import type { CellSummary, NeCoSweep, SweepStatus } from '../../../crds/necosweep.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { toCanonicalJson } from '../canonical-json.ts'
import { buildConditions, isEnded, withObservedGeneration } from '../conditions.ts'
import type { PlatformState } from '../platform-state.ts'
import { BLOCKED_RETRY_MS, type BlockedReason, type ReconcilePlan } from '../reconcile-plan.ts'
import { BUDGET_BY_CAUSE } from '../run/failure-cause.ts'
import type { ObjectOutcome } from '../run/run-outcome.ts'
import { countPoints, decodePoint } from '../search/decode-point.ts'
import { buildStateEvents } from '../state-events.ts'
import { buildSweepRun, toRunIndex } from './build-sweep-run.ts'
import type { SweepAggregate } from './sweep-aggregate.ts'

export type SweepAction =
  | { readonly kind: 'CreateRun'; readonly run: NeCoRun }
  | { readonly kind: 'SuspendRun'; readonly name: string; readonly suspend: boolean }

/** All that one look at a sweep saw. */
export interface ObservedSweep {
  readonly sweep: NeCoSweep
  readonly aggregate: SweepAggregate
  /** What is wrong with the specification beyond its schema. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]
  readonly platform: PlatformState
  /** What kept the last plan from being applied, though nothing is wrong with the sweep. */
  readonly blocked?: BlockedReason
  readonly nowMs: number
}

export type SweepPlan = ReconcilePlan<SweepAction, SweepStatus>

/** The budget that is exceeded, if one is. */
function findExceededBudget({ sweep, aggregate }: ObservedSweep): string | undefined {
  const limits = sweep.spec.failureBudget ?? {}
  const spent = new Map<string, number>()
  for (const [cause, count] of aggregate.failures) {
    const budget = BUDGET_BY_CAUSE[cause] ?? 'unexpected'
    spent.set(budget, (spent.get(budget) ?? 0) + count)
  }
  return [...spent].find(
    ([budget, count]) =>
      count > (limits[budget as keyof typeof limits] ?? Number.POSITIVE_INFINITY),
  )?.[0]
}

const planSuspensions = ({ aggregate }: ObservedSweep, suspend: boolean): SweepAction[] =>
  [...aggregate.live.values()]
    .filter(({ isSuspended }) => isSuspended !== suspend)
    .map(({ name }) => ({ kind: 'SuspendRun', name, suspend }))

/** New runs in the order of their numbers, up to the parallelism; lowering it drains, it stops nothing. */
function planRunCreations({ sweep, aggregate }: ObservedSweep, total: number): SweepAction[] {
  const { parallelism = 1, replicates = 1 } = sweep.spec
  const created: SweepAction[] = []
  let free = parallelism - aggregate.live.size
  for (let number = aggregate.firstMissing; number < total && free > 0; number++) {
    if (aggregate.runs.has(number)) continue
    created.push({ kind: 'CreateRun', run: buildSweepRun(sweep, toRunIndex(number, replicates)) })
    free--
  }
  return created
}

const formatCount = (count: number, word: string): string =>
  `${count} ${word}${count === 1 ? '' : 's'}`

function decideEndedSweepOutcome({ succeeded, failed }: SweepAggregate): ObjectOutcome {
  if (failed === 0)
    return { state: 'Succeeded', message: `${formatCount(succeeded, 'run')} succeeded` }
  const message = `${succeeded} of ${formatCount(succeeded + failed, 'run')} succeeded`
  return succeeded === 0
    ? { state: 'Failed', reason: 'AllFailed', message }
    : { state: 'PartlyFailed', message }
}

function decideRefusedSweepOutcome({
  problems,
  platform,
}: ObservedSweep): ObjectOutcome | undefined {
  const { blockers } = platform
  const inTemplate = blockers.map((one) => ({ ...one, path: `spec.run.${one.path}` }))
  const messages = [...problems, ...inTemplate].map(({ path, message }) => `${path}: ${message}`)
  if (messages.length === 0) return undefined
  const [first] = blockers
  const isPlatformBlocker = problems.length === 0 && first !== undefined
  return {
    state: 'NotAccepted',
    message: messages.join('; ').slice(0, 4000),
    ...(isPlatformBlocker ? { acceptedReason: first.reason } : {}),
  }
}

/** What settles a sweep before any run is made; undefined while it may go on. */
function decideFinalSweepOutcome(
  observed: ObservedSweep,
  total: number,
): ObjectOutcome | undefined {
  const { aggregate } = observed
  const refused = decideRefusedSweepOutcome(observed)
  if (refused !== undefined) return refused
  const exceeded = findExceededBudget(observed)
  if (exceeded !== undefined) {
    const message = `failureBudget.${exceeded} is exceeded`
    return { state: 'Failed', reason: 'FailureBudgetExceeded', message }
  }
  return aggregate.succeeded + aggregate.failed >= total
    ? decideEndedSweepOutcome(aggregate)
    : undefined
}

/** Where a sweep that goes on stands, once the planned runs are made. */
function decideLiveSweepOutcome(
  { sweep, aggregate, blocked }: ObservedSweep,
  createdCount: number,
  total: number,
): ObjectOutcome {
  const live = aggregate.live.size + createdCount
  const ended = aggregate.succeeded + aggregate.failed
  const message = `${ended} of ${formatCount(total, 'run')} ended, ${live} live`
  if (sweep.spec.suspend === true) return { state: 'Suspended', message }
  if (blocked !== undefined) return { state: 'Queued', ...blocked }
  return { state: live > 0 ? 'Running' : 'Queued', message }
}

function planSweepActions(
  observed: ObservedSweep,
  settled: ObjectOutcome | undefined,
  total: number,
): SweepAction[] {
  const { suspend = false } = observed.sweep.spec
  if (settled !== undefined)
    return settled.state === 'Failed' ? planSuspensions(observed, true) : []
  const createsNoRuns = suspend || observed.blocked !== undefined
  return [
    ...planSuspensions(observed, suspend),
    ...(createsNoRuns ? [] : planRunCreations(observed, total)),
  ]
}

const formatAssignment = (sweep: NeCoSweep, point: number): string =>
  Object.entries(decodePoint(sweep.spec, point))
    .map(([path, value]) => `${path}=${value}`)
    .join(' ')
    .slice(0, 1024)

function buildBestCells({ sweep, aggregate }: ObservedSweep): { best?: CellSummary[] } {
  if (aggregate.best.length === 0) return {}
  return {
    best: aggregate.best.map((cell) => ({
      ...cell,
      assignment: formatAssignment(sweep, cell.point),
    })),
  }
}

/** Counts as they are once the plan is applied: a sweep that failed stops what is live. */
function buildSweepCounters(
  { aggregate }: ObservedSweep,
  {
    createdCount,
    total,
    state,
  }: { createdCount: number; total: number; state: ObjectOutcome['state'] },
): SweepStatus {
  const failures = [...aggregate.failures].filter(([, count]) => count > 0)
  const running = state === 'Failed' ? 0 : aggregate.live.size + createdCount
  return {
    total,
    pending: total - aggregate.succeeded - aggregate.failed - running,
    running,
    succeeded: aggregate.succeeded,
    failed: aggregate.failed,
    ...(failures.length === 0 ? {} : { failures: Object.fromEntries(failures.sort()) }),
  }
}

/** What has ended stays as it is, but says that it saw a later edit: tools that wait for an object look at that. */
function planEndedSweep({ status, metadata }: NeCoSweep): SweepPlan {
  const updatedStatus = withObservedGeneration(status, metadata.generation)
  return { actions: [], events: [], ...omitUndefined({ status: updatedStatus }) }
}

/** Chooses the next steps of a sweep. Pure and total: equal inputs give equal plans, and a plan that was applied gives no further action. */
export function planSweep(observed: ObservedSweep): SweepPlan {
  const { sweep, platform, nowMs } = observed
  const before = sweep.status
  if (isEnded(before?.conditions)) return planEndedSweep(sweep)
  const points = observed.problems.length > 0 ? 0 : countPoints(sweep.spec)
  const total = points * (sweep.spec.replicates ?? 1)
  const settled = decideFinalSweepOutcome(observed, total)
  const actions = planSweepActions(observed, settled, total)
  const createdCount = actions.filter(({ kind }) => kind === 'CreateRun').length
  const outcome = settled ?? decideLiveSweepOutcome(observed, createdCount, total)
  const { generation = 1 } = sweep.metadata
  const status: SweepStatus = {
    conditions: buildConditions(
      { ...outcome, bus: platform, generation, nowMs },
      before?.conditions,
    ),
    observedGeneration: generation,
    points,
    ...buildSweepCounters(observed, { createdCount, total, state: outcome.state }),
    ...buildBestCells(observed),
  }
  const previousReason = before?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const isBlocked = platform.blockers.length > 0 || observed.blocked !== undefined
  const isSame = toCanonicalJson(status) === toCanonicalJson(before)
  return {
    actions,
    ...(isSame ? {} : { status }),
    events: buildStateEvents(outcome, previousReason),
    ...(isBlocked ? { requeueAfterMs: BLOCKED_RETRY_MS } : {}),
  }
}
