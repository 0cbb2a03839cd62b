import { BUDGET_BY_CAUSE } from '../run/failure-cause.ts'
import type { ObjectOutcome } from '../run/run-outcome.ts'
import type { ObservedSweep } from './observed-sweep.ts'
import type { NextRuns } from './plan-next-runs.ts'
import type { SweepAggregate } from './sweep-aggregate.ts'

const formatCount = (count: number, noun: string): string =>
  `${count} ${noun}${count === 1 ? '' : 's'}`

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

function decideBudgetOutcome(observed: ObservedSweep): ObjectOutcome | undefined {
  const exceeded = findExceededBudget(observed)
  if (exceeded === undefined) return undefined
  const message = `failureBudget.${exceeded} is exceeded`
  return { state: 'Failed', reason: 'FailureBudgetExceeded', message }
}

function decideEndedSweepOutcome({ succeeded, failed }: SweepAggregate): ObjectOutcome {
  if (failed === 0)
    return { state: 'Succeeded', message: `${formatCount(succeeded, 'run')} succeeded` }
  const message = `${succeeded} of ${formatCount(succeeded + failed, 'run')} succeeded`
  return succeeded === 0
    ? { state: 'Failed', reason: 'AllFailed', message }
    : { state: 'PartlyFailed', message }
}

/** A search that waits for results while no run can give any would never end. */
function decideStalledSearchOutcome(
  { sweep, aggregate }: ObservedSweep,
  { runs, isWaiting }: NextRuns,
): ObjectOutcome | undefined {
  if (!isWaiting || runs.length > 0 || aggregate.live.size > 0) return undefined
  const message = `search ${sweep.spec.search?.method ?? ''} waits for results, but no run is live`
  return { state: 'Failed', reason: 'SearchStalled', message }
}

/** What ends a sweep: refused, over budget, complete or stalled; undefined while it is live. */
export function decideFinalSweepOutcome(
  observed: ObservedSweep,
  next: NextRuns,
): ObjectOutcome | undefined {
  const { sweep, aggregate } = observed
  const refused = decideRefusedSweepOutcome(observed) ?? decideBudgetOutcome(observed)
  if (refused !== undefined) return refused
  const total = next.points * (sweep.spec.replicates ?? 1)
  return aggregate.succeeded + aggregate.failed >= total
    ? decideEndedSweepOutcome(aggregate)
    : decideStalledSearchOutcome(observed, next)
}

/** The state of a live sweep once the planned runs are created. */
export function decideLiveSweepOutcome(
  { sweep, aggregate, blocked }: ObservedSweep,
  { runs, points }: NextRuns,
): ObjectOutcome {
  const live = aggregate.live.size + runs.length
  const ended = aggregate.succeeded + aggregate.failed
  const total = points * (sweep.spec.replicates ?? 1)
  const message = `${ended} of ${formatCount(total, 'run')} ended, ${live} live`
  if (sweep.spec.suspend === true) return { state: 'Suspended', message }
  if (blocked !== undefined) return { state: 'Queued', ...blocked }
  return { state: live > 0 ? 'Running' : 'Queued', message }
}
