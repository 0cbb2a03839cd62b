import type { NeCoRun } from '../../../crds/necorun.ts'
import type { CellSummary } from '../../../crds/necosweep.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { findCondition } from '../conditions.ts'
import { sampleStandardDeviation } from '../results/sample-statistics.ts'
import type { FailureCause } from '../run/failure-cause.ts'
import { readRunIndex } from './build-sweep-run.ts'
import { findObjectiveValue, isHigherBetter, type Objective } from './objective.ts'

/** What a sweep needs to know of one of its runs. */
export interface RunSummary {
  readonly number: number
  readonly name: string
  readonly state: 'Live' | 'Succeeded' | 'Failed'
  readonly isSuspended: boolean
  readonly cause?: FailureCause
  readonly objective?: number
}

type RankedCell = Omit<CellSummary, 'assignment'>

/**
 * The runs of a sweep, added up. Recording a run costs the same however many there are, so that planning ten
 * thousand points is not quadratic; recording every run into a new tally gives the same sums in any order.
 */
export interface SweepAggregate {
  readonly runs: Map<number, RunSummary>
  readonly live: Map<number, RunSummary>
  readonly failures: Map<FailureCause, number>
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
  best: [],
  succeeded: 0,
  failed: 0,
  firstMissing: 0,
})

const MAX_BEST_CELLS = 10

/** Reads the facts of a run; undefined for a run that no sweep made. */
export function summarizeRun(
  run: NeCoRun,
  {
    replicates,
    objective,
  }: { readonly replicates: number; readonly objective: Objective | undefined },
): RunSummary | undefined {
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
    ...(cause === undefined ? {} : { cause: cause as FailureCause }),
    ...omitUndefined({ objective: value }),
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

/** Takes in what a run is now. */
export function recordRun(aggregate: SweepAggregate, summary: RunSummary): void {
  const before = aggregate.runs.get(summary.number)
  if (before !== undefined) addToCounts(aggregate, before, -1)
  aggregate.runs.set(summary.number, summary)
  addToCounts(aggregate, summary, 1)
  if (summary.state === 'Live') aggregate.live.set(summary.number, summary)
  else aggregate.live.delete(summary.number)
  while (aggregate.runs.has(aggregate.firstMissing)) aggregate.firstMissing++
}

/** Mean over the replicates of a point that succeeded; undefined before all have ended or when none did. */
function computeCell(
  aggregate: SweepAggregate,
  point: number,
  replicates: number,
): RankedCell | undefined {
  const members = Array.from({ length: replicates }, (_, r) =>
    aggregate.runs.get(point * replicates + r),
  )
  if (members.some((member) => member === undefined || member.state === 'Live')) return undefined
  const values = members.flatMap((member) => member?.objective ?? [])
  if (values.length === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = sampleStandardDeviation(values)
  return { point, mean, n: values.length, ...omitUndefined({ deviation }) }
}

export interface RankingOptions {
  readonly point: number
  readonly replicates: number
  readonly objective: Objective
}

/** Puts a point whose replicates have all ended among the best, by the objective; ties by number. */
export function rankPoint(
  aggregate: SweepAggregate,
  { point, replicates, objective }: RankingOptions,
): void {
  const cell = computeCell(aggregate, point, replicates)
  const others = aggregate.best.filter((other) => other.point !== point)
  const sign = isHigherBetter(objective) ? -1 : 1
  const ranked = cell === undefined ? others : [...others, cell]
  ranked.sort((a, b) => sign * (a.mean - b.mean) || a.point - b.point)
  aggregate.best.splice(0, aggregate.best.length, ...ranked.slice(0, MAX_BEST_CELLS))
}
