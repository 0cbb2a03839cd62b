import type { NeCoRun } from '../../../crds/necorun.ts'
import type { CellSummary, NeCoSweep, SweepStatus } from '../../../crds/necosweep.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { canonicalText } from '../canonical-text.ts'
import { conditionsOf, isEnded, seenStatus } from '../conditions.ts'
import type { HomeFacts } from '../home-facts.ts'
import { BLOCKED_MS, type Blocked, PLAN_VERSION, type Plan } from '../plan.ts'
import { BUDGET_OF_CAUSE } from '../run/failure-cause.ts'
import type { Outcome } from '../run/run-outcome.ts'
import { countPoints, decodePoint } from '../search/decode-point.ts'
import { stateEvents } from '../state-events.ts'
import { buildRun, runIndexOf } from './run-of-sweep.ts'
import type { SweepTally } from './sweep-tally.ts'

export type SweepAction =
  | { readonly kind: 'CreateRun'; readonly run: NeCoRun }
  | { readonly kind: 'SuspendRun'; readonly name: string; readonly suspend: boolean }

/** All that one look at a sweep saw. */
export interface ObservedSweep {
  readonly sweep: NeCoSweep
  readonly tally: SweepTally
  /** What is wrong with the specification beyond its schema. */
  readonly problems: readonly { readonly path: string; readonly message: string }[]
  readonly home: HomeFacts
  /** What kept the last plan from being applied, though nothing is wrong with the sweep. */
  readonly blocked?: Blocked
  readonly nowMs: number
}

export type SweepPlan = Plan<SweepAction, SweepStatus>

/** The budget that is exceeded, if one is. */
function exceededBudget({ sweep, tally }: ObservedSweep): string | undefined {
  const limits = sweep.spec.failureBudget ?? {}
  const spent = new Map<string, number>()
  for (const [cause, count] of tally.failures) {
    const budget = BUDGET_OF_CAUSE[cause] ?? 'unexpected'
    spent.set(budget, (spent.get(budget) ?? 0) + count)
  }
  return [...spent].find(
    ([budget, count]) =>
      count > (limits[budget as keyof typeof limits] ?? Number.POSITIVE_INFINITY),
  )?.[0]
}

const suspendLive = ({ tally }: ObservedSweep, suspend: boolean): SweepAction[] =>
  [...tally.live.values()]
    .filter(({ isSuspended }) => isSuspended !== suspend)
    .map(({ name }) => ({ kind: 'SuspendRun', name, suspend }))

/** New runs in the order of their numbers, up to the parallelism; lowering it drains, it stops nothing. */
function createRuns({ sweep, tally }: ObservedSweep, total: number): SweepAction[] {
  const { parallelism = 1, replicates = 1 } = sweep.spec
  const created: SweepAction[] = []
  let free = parallelism - tally.live.size
  for (let number = tally.firstMissing; number < total && free > 0; number++) {
    if (tally.facts.has(number)) continue
    created.push({ kind: 'CreateRun', run: buildRun(sweep, runIndexOf(number, replicates)) })
    free--
  }
  return created
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

function endOutcome({ succeeded, failed }: SweepTally): Outcome {
  if (failed === 0) return { state: 'Succeeded', message: `${plural(succeeded, 'run')} succeeded` }
  const message = `${succeeded} of ${plural(succeeded + failed, 'run')} succeeded`
  return succeeded === 0
    ? { state: 'Failed', reason: 'AllFailed', message }
    : { state: 'PartlyFailed', message }
}

function refusal({ problems, home }: ObservedSweep): Outcome | undefined {
  const { obstacles } = home
  const inTemplate = obstacles.map((one) => ({ ...one, path: `spec.run.${one.path}` }))
  const messages = [...problems, ...inTemplate].map(({ path, message }) => `${path}: ${message}`)
  if (messages.length === 0) return undefined
  const [first] = obstacles
  const isOfHome = problems.length === 0 && first !== undefined
  return {
    state: 'NotAccepted',
    message: messages.join('; ').slice(0, 4000),
    ...(isOfHome ? { acceptedReason: first.reason } : {}),
  }
}

/** What settles a sweep before any run is made; undefined while it may go on. */
function settledOutcome(observed: ObservedSweep, total: number): Outcome | undefined {
  const { tally } = observed
  const refused = refusal(observed)
  if (refused !== undefined) return refused
  const exceeded = exceededBudget(observed)
  if (exceeded !== undefined) {
    const message = `failureBudget.${exceeded} is exceeded`
    return { state: 'Failed', reason: 'FailureBudgetExceeded', message }
  }
  return tally.succeeded + tally.failed >= total ? endOutcome(tally) : undefined
}

/** Where a sweep that goes on stands, once the planned runs are made. */
function openOutcome(
  { sweep, tally, blocked }: ObservedSweep,
  made: number,
  total: number,
): Outcome {
  const live = tally.live.size + made
  const ended = tally.succeeded + tally.failed
  const message = `${ended} of ${plural(total, 'run')} ended, ${live} live`
  if (sweep.spec.suspend === true) return { state: 'Suspended', message }
  if (blocked !== undefined) return { state: 'Queued', ...blocked }
  return { state: live > 0 ? 'Running' : 'Queued', message }
}

function actionsOf(
  observed: ObservedSweep,
  settled: Outcome | undefined,
  total: number,
): SweepAction[] {
  const { suspend = false } = observed.sweep.spec
  if (settled !== undefined) return settled.state === 'Failed' ? suspendLive(observed, true) : []
  const makesNone = suspend || observed.blocked !== undefined
  return [...suspendLive(observed, suspend), ...(makesNone ? [] : createRuns(observed, total))]
}

const assignmentText = (sweep: NeCoSweep, point: number): string =>
  Object.entries(decodePoint(sweep.spec, point))
    .map(([path, value]) => `${path}=${value}`)
    .join(' ')
    .slice(0, 1024)

function bestCells({ sweep, tally }: ObservedSweep): { best?: CellSummary[] } {
  if (tally.best.length === 0) return {}
  return {
    best: tally.best.map((cell) => ({ ...cell, assignment: assignmentText(sweep, cell.point) })),
  }
}

/** Counts as they are once the plan is applied: a sweep that failed stops what is live. */
function countersOf(
  { tally }: ObservedSweep,
  { made, total, state }: { made: number; total: number; state: Outcome['state'] },
): SweepStatus {
  const failures = [...tally.failures].filter(([, count]) => count > 0)
  const running = state === 'Failed' ? 0 : tally.live.size + made
  return {
    total,
    pending: total - tally.succeeded - tally.failed - running,
    running,
    succeeded: tally.succeeded,
    failed: tally.failed,
    ...(failures.length === 0 ? {} : { failures: Object.fromEntries(failures.sort()) }),
  }
}

/** What has ended stays as it is, but says that it saw a later edit: tools that wait for an object look at that. */
function planEnded({ status, metadata }: NeCoSweep): SweepPlan {
  const seen = seenStatus(status, metadata.generation)
  return { actions: [], events: [], ...omitUndefined({ status: seen }) }
}

/** Chooses the next steps of a sweep. Pure and total: equal inputs give equal plans, and a plan that was applied gives no further action. */
export function planSweep(observed: ObservedSweep): SweepPlan {
  const { sweep, home, nowMs } = observed
  const before = sweep.status
  if (isEnded(before?.conditions)) return planEnded(sweep)
  const points = observed.problems.length > 0 ? 0 : countPoints(sweep.spec)
  const total = points * (sweep.spec.replicates ?? 1)
  const settled = settledOutcome(observed, total)
  const actions = actionsOf(observed, settled, total)
  const made = actions.filter(({ kind }) => kind === 'CreateRun').length
  const outcome = settled ?? openOutcome(observed, made, total)
  const { generation = 1 } = sweep.metadata
  const status: SweepStatus = {
    conditions: conditionsOf({ ...outcome, bus: home, generation, nowMs }, before?.conditions),
    observedGeneration: generation,
    planVersion: before?.planVersion ?? PLAN_VERSION,
    points,
    ...countersOf(observed, { made, total, state: outcome.state }),
    ...bestCells(observed),
  }
  const was = before?.conditions?.find(({ type }) => type === 'Ready')?.reason
  const isHeldUp = home.obstacles.length > 0 || observed.blocked !== undefined
  const isSame = canonicalText(status) === canonicalText(before)
  return {
    actions,
    ...(isSame ? {} : { status }),
    events: stateEvents(outcome, was),
    ...(isHeldUp ? { requeueAfterMs: BLOCKED_MS } : {}),
  }
}
