import type { CellSummary, SweepStatus } from '../../../crds/necosweep.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { buildConditions } from '../conditions.ts'
import type { ObjectOutcome } from '../run/run-outcome.ts'
import { formatAssignment } from './assignment.ts'
import type { ObservedSweep } from './observed-sweep.ts'
import type { SweepAggregate } from './sweep-aggregate.ts'

const MAX_ASSIGNMENT_LENGTH = 1024

function buildBestCells({ best }: SweepAggregate): CellSummary[] | undefined {
  if (best.length === 0) return undefined
  return best.map((cell) => ({
    ...cell,
    assignment: formatAssignment(cell.assignment).slice(0, MAX_ASSIGNMENT_LENGTH),
  }))
}

function buildFailureCounts({ failures }: SweepAggregate): Record<string, number> | undefined {
  const counted = [...failures].filter(([, count]) => count > 0)
  return counted.length === 0 ? undefined : Object.fromEntries(counted.sort())
}

export interface SweepStatusInput {
  readonly outcome: ObjectOutcome
  readonly points: number
  readonly createdCount: number
}

/** Counts as they are once the plan is applied: a sweep that failed stops what is live. */
function buildCounters(
  { sweep, aggregate }: ObservedSweep,
  { outcome, points, createdCount }: SweepStatusInput,
) {
  const { succeeded, failed, live } = aggregate
  const total = points * (sweep.spec.replicates ?? 1)
  const running = outcome.state === 'Failed' ? 0 : live.size + createdCount
  return {
    points,
    total,
    pending: total - succeeded - failed - running,
    running,
    succeeded,
    failed,
  }
}

/** The status of a sweep once its plan is applied. */
export function buildSweepStatus(observed: ObservedSweep, input: SweepStatusInput): SweepStatus {
  const { sweep, aggregate, platform, nowMs } = observed
  const { generation = 1 } = sweep.metadata
  const before = sweep.status
  return {
    conditions: buildConditions(
      { ...input.outcome, bus: platform, generation, nowMs },
      before?.conditions,
    ),
    observedGeneration: generation,
    ...buildCounters(observed, input),
    ...omitUndefined({
      failures: buildFailureCounts(aggregate),
      best: buildBestCells(aggregate),
    }),
  }
}
