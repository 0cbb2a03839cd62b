import type { NeCoRun } from '../../../crds/necorun.ts'
import type { CellSummary } from '../../../crds/necosweep.ts'
import type { SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import type { Assignment, FinishedPoint } from '../../../search/search-method.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { findCondition } from '../conditions.ts'
import { mean, sampleStandardDeviation } from '../results/sample-statistics.ts'
import type { FailureCause } from '../run/failure-cause.ts'
import { readAssignment } from './assignment.ts'
import { readRunIndex } from './build-sweep-run.ts'
import { findObjectiveValue, isHigherBetter, type Objective } from './objective.ts'

/** What a sweep needs to know of one of its runs. */
export interface RunSummary {
  readonly number: number
  readonly name: string
  readonly state: 'Live' | 'Succeeded' | 'Failed'
  readonly isSuspended: boolean
  readonly assignment: Assignment
  readonly cause?: FailureCause
  readonly objective?: number
}

type RankedCell = Omit<CellSummary, 'assignment'> & { readonly assignment: Assignment }

/**
 * The runs of a sweep, added up. Recording a run costs the same however many there are, so that
 * planning ten thousand points is not quadratic; recording every run into a new aggregate gives the
 * same sums in any order.
 */
export interface SweepAggregate {
  readonly runs: Map<number, RunSummary>
  readonly live: Map<number, RunSummary>
  readonly failures: Map<FailureCause, number>
  /** The points whose replicates have all ended. */
  readonly finished: Map<number, FinishedPoint>
  readonly best: RankedCell[]
  succeeded: number
  failed: number
  /** No run below this number is missing. */
  firstMissing: number
}

export const createSweepAggregate = (): SweepAggregate => ({
  runs: new Map(),
  live: new Map(),
  failures: new Map(),
  finished: new Map(),
  best: [],
  succeeded: 0,
  failed: 0,
  firstMissing: 0,
})

const MAX_BEST_CELLS = 10

/** Summarizes a run; undefined for a run that no sweep created. */
export function summarizeRun(run: NeCoRun, spec: SweepSpec): RunSummary | undefined {
  const { replicates = 1, objective } = spec
  const index = readRunIndex(run)
  if (index === undefined) return undefined
  const conditions = run.status?.conditions
  const failed = ['Failed', 'Stalled'] as const
  const failure = failed
    .map((type) => findCondition(conditions, type))
    .find((c) => c?.status === 'True')
  const isDone = findCondition(conditions, 'Complete')?.status === 'True'
  const value = objective === undefined ? undefined : findObjectiveValue(run, objective)
  const cause = failure?.reason === 'NotAccepted' ? 'UserError' : failure?.reason
  return {
    number: index.point * replicates + index.replicate,
    name: run.metadata.name,
    state: failure !== undefined ? 'Failed' : isDone ? 'Succeeded' : 'Live',
    isSuspended: run.spec.suspend === true,
    assignment: readAssignment(run, spec, index.point),
    ...omitUndefined({ cause: cause as FailureCause | undefined, objective: value }),
  }
}

const incrementCount = (
  counts: Map<FailureCause, number>,
  cause: FailureCause,
  by: number,
): void => {
  counts.set(cause, (counts.get(cause) ?? 0) + by)
}

function addToCounts(aggregate: SweepAggregate, summary: RunSummary, by: 1 | -1): void {
  if (summary.state === 'Succeeded') aggregate.succeeded += by
  if (summary.state !== 'Failed') return
  aggregate.failed += by
  incrementCount(aggregate.failures, summary.cause ?? 'Unexpected', by)
}

/** Records the newest state of a run. */
export function recordRun(aggregate: SweepAggregate, summary: RunSummary): void {
  const before = aggregate.runs.get(summary.number)
  if (before !== undefined) addToCounts(aggregate, before, -1)
  aggregate.runs.set(summary.number, summary)
  addToCounts(aggregate, summary, 1)
  if (summary.state === 'Live') aggregate.live.set(summary.number, summary)
  else aggregate.live.delete(summary.number)
  while (aggregate.runs.has(aggregate.firstMissing)) aggregate.firstMissing++
}

/** The runs of a point; undefined unless all of them have ended. */
function findEndedReplicates(
  { runs }: SweepAggregate,
  point: number,
  replicates: number,
): readonly RunSummary[] | undefined {
  const members = Array.from({ length: replicates }, (_, r) => runs.get(point * replicates + r))
  const ended = members.filter(
    (member): member is RunSummary => member !== undefined && member.state !== 'Live',
  )
  return ended.length === replicates ? ended : undefined
}

/** Statistics over the replicates that gave the objective; undefined where none did. */
function computeCell(point: number, members: readonly RunSummary[]): RankedCell | undefined {
  const values = members.flatMap(({ objective }) => objective ?? [])
  if (values.length === 0) return undefined
  const deviation = sampleStandardDeviation(values)
  return {
    point,
    assignment: members[0]?.assignment ?? {},
    mean: mean(values),
    n: values.length,
    ...omitUndefined({ deviation }),
  }
}

export interface PointOptions {
  readonly point: number
  readonly replicates: number
  readonly objective: Objective | undefined
}

/**
 * Updates a point after one of its runs was recorded: once all replicates have ended it is among
 * the finished points, and ranked among the best by the objective; ties by number.
 */
export function recordPoint(
  aggregate: SweepAggregate,
  { point, replicates, objective }: PointOptions,
): void {
  const members = findEndedReplicates(aggregate, point, replicates)
  const cell = members === undefined ? undefined : computeCell(point, members)
  aggregate.finished.delete(point)
  if (members !== undefined) {
    const assignment = members[0]?.assignment ?? {}
    aggregate.finished.set(point, {
      number: point,
      assignment,
      ...omitUndefined({ objective: cell?.mean }),
    })
  }
  if (objective !== undefined) rankCell(aggregate, { point, cell, objective })
}

function rankCell(
  { best }: SweepAggregate,
  { point, cell, objective }: { point: number; cell: RankedCell | undefined; objective: Objective },
): void {
  const others = best.filter((other) => other.point !== point)
  const sign = isHigherBetter(objective) ? -1 : 1
  const ranked = cell === undefined ? others : [...others, cell]
  ranked.sort((a, b) => sign * (a.mean - b.mean) || a.point - b.point)
  best.splice(0, best.length, ...ranked.slice(0, MAX_BEST_CELLS))
}
