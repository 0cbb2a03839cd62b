import type { NeCoRun } from '../../../crds/necorun.ts'
import type { CellSummary } from '../../../crds/necosweep.ts'
import { omitUndefined } from '../../../std/omit-undefined.ts'
import { conditionOf } from '../conditions.ts'
import { sampleDeviation } from '../results/sample-statistics.ts'
import type { FailureCause } from '../run/failure-cause.ts'
import { isHigherBetter, type Objective, objectiveValue } from './objective.ts'
import { runIndexFrom } from './run-of-sweep.ts'

/** What a sweep needs to know of one of its runs. */
export interface RunFacts {
  readonly number: number
  readonly name: string
  readonly state: 'Live' | 'Succeeded' | 'Failed'
  readonly isSuspended: boolean
  readonly cause?: FailureCause
  readonly objective?: number
}

type Best = Omit<CellSummary, 'assignment'>

/**
 * The runs of a sweep, added up. Recording a run costs the same however many there are, so that planning ten
 * thousand points is not quadratic; recording every run into a new tally gives the same sums in any order.
 */
export interface SweepTally {
  readonly facts: Map<number, RunFacts>
  readonly live: Map<number, RunFacts>
  readonly failures: Map<FailureCause, number>
  readonly best: Best[]
  succeeded: number
  failed: number
  /** No run below this number is missing. */
  firstMissing: number
}

export const emptyTally = (): SweepTally => ({
  facts: new Map(),
  live: new Map(),
  failures: new Map(),
  best: [],
  succeeded: 0,
  failed: 0,
  firstMissing: 0,
})

const BEST_KEPT = 10

/** Reads the facts of a run; undefined for a run that no sweep made. */
export function factsOf(
  run: NeCoRun,
  {
    replicates,
    objective,
  }: { readonly replicates: number; readonly objective: Objective | undefined },
): RunFacts | undefined {
  const index = runIndexFrom(run)
  if (index === undefined) return undefined
  const conditions = run.status?.conditions
  const failed = ['Failed', 'Stalled'] as const
  const failure = failed
    .map((type) => conditionOf(conditions, type))
    .find((c) => c?.status === 'True')
  const isDone = conditionOf(conditions, 'Complete')?.status === 'True'
  const value = objective === undefined ? undefined : objectiveValue(run, objective)
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

const bump = (counts: Map<FailureCause, number>, cause: FailureCause, by: number): void => {
  counts.set(cause, (counts.get(cause) ?? 0) + by)
}

function count(tally: SweepTally, facts: RunFacts, by: 1 | -1): void {
  if (facts.state === 'Succeeded') tally.succeeded += by
  if (facts.state !== 'Failed') return
  tally.failed += by
  bump(tally.failures, facts.cause ?? 'Unexpected', by)
}

/** Takes in what a run is now. */
export function recordRun(tally: SweepTally, facts: RunFacts): void {
  const before = tally.facts.get(facts.number)
  if (before !== undefined) count(tally, before, -1)
  tally.facts.set(facts.number, facts)
  count(tally, facts, 1)
  if (facts.state === 'Live') tally.live.set(facts.number, facts)
  else tally.live.delete(facts.number)
  while (tally.facts.has(tally.firstMissing)) tally.firstMissing++
}

/** Mean over the replicates of a point that succeeded; undefined before all have ended or when none did. */
function cellOf(tally: SweepTally, point: number, replicates: number): Best | undefined {
  const members = Array.from({ length: replicates }, (_, r) =>
    tally.facts.get(point * replicates + r),
  )
  if (members.some((member) => member === undefined || member.state === 'Live')) return undefined
  const values = members.flatMap((member) => member?.objective ?? [])
  if (values.length === 0) return undefined
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const deviation = sampleDeviation(values)
  return { point, mean, n: values.length, ...omitUndefined({ deviation }) }
}

export interface RankingOptions {
  readonly point: number
  readonly replicates: number
  readonly objective: Objective
}

/** Puts a point whose replicates have all ended among the best, by the objective; ties by number. */
export function rankPoint(
  tally: SweepTally,
  { point, replicates, objective }: RankingOptions,
): void {
  const cell = cellOf(tally, point, replicates)
  const others = tally.best.filter((other) => other.point !== point)
  const sign = isHigherBetter(objective) ? -1 : 1
  const ranked = cell === undefined ? others : [...others, cell]
  ranked.sort((a, b) => sign * (a.mean - b.mean) || a.point - b.point)
  tally.best.splice(0, tally.best.length, ...ranked.slice(0, BEST_KEPT))
}
