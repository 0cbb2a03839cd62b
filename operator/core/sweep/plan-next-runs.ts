import type { Proposal, SearchHistory, SearchMethod } from '../../../search/search-method.ts'
import { type PlannedRun, toRunIndex } from './build-sweep-run.ts'
import { toSearchSpace } from './decode-point.ts'
import { isHigherBetter } from './objective.ts'
import type { ObservedSweep } from './observed-sweep.ts'
import type { SweepAggregate } from './sweep-aggregate.ts'

/** What the search of a sweep proposes now. */
export interface NextRuns {
  readonly runs: readonly PlannedRun[]
  /** Points of the sweep: what the method may propose, or what it has proposed once exhausted. */
  readonly points: number
  /** Whether the search proposes no further point before another one has finished. */
  readonly isWaiting: boolean
}

const toSearchHistory = ({ sweep, aggregate }: ObservedSweep): SearchHistory => {
  const { objective } = sweep.spec
  const isHigher = objective === undefined || isHigherBetter(objective)
  return { finished: aggregate.finished, better: isHigher ? 'Higher' : 'Lower' }
}

const findRecordedAssignment = ({ runs }: SweepAggregate, first: number, replicates: number) => {
  for (let r = 0; r < replicates; r++) {
    const assignment = runs.get(first + r)?.assignment
    if (assignment !== undefined) return assignment
  }
  return undefined
}

/** Answers for each point once: as recorded on one of its runs, else as the method proposes. */
function createProposer(
  { sweep, aggregate, ...observed }: ObservedSweep,
  method: SearchMethod,
): (point: number) => Proposal {
  const { replicates = 1 } = sweep.spec
  const space = toSearchSpace(sweep.spec)
  const history = toSearchHistory({ sweep, aggregate, ...observed })
  let last: { readonly point: number; readonly proposal: Proposal } | undefined
  return (point) => {
    if (last?.point === point) return last.proposal
    const recorded = findRecordedAssignment(aggregate, point * replicates, replicates)
    const proposal = recorded ?? method.propose(space, point, history)
    last = { point, proposal }
    return proposal
  }
}

/** New runs are limited by the parallelism; lowering it drains the sweep, it stops nothing. */
function countFreeSlots({ sweep, aggregate, blocked }: ObservedSweep): number {
  const { parallelism = 1, suspend = false } = sweep.spec
  return suspend || blocked !== undefined ? 0 : Math.max(0, parallelism - aggregate.live.size)
}

/**
 * The missing runs in the order of their numbers, as far as the parallelism and the search allow.
 * The search is asked for one point beyond them, to learn whether it is exhausted.
 */
export function planNextRuns(observed: ObservedSweep, method: SearchMethod): NextRuns {
  const { sweep, aggregate } = observed
  const { replicates = 1 } = sweep.spec
  const points = method.countPoints(toSearchSpace(sweep.spec))
  const propose = createProposer(observed, method)
  const free = countFreeSlots(observed)
  const runs: PlannedRun[] = []
  for (let number = aggregate.firstMissing; number < points * replicates; number++) {
    if (aggregate.runs.has(number)) continue
    const index = toRunIndex(number, replicates)
    const assignment = propose(index.point)
    if (assignment === 'Exhausted') return { runs, points: index.point, isWaiting: false }
    if (assignment === 'Wait') return { runs, points, isWaiting: true }
    if (runs.length === free) break
    runs.push({ ...index, assignment })
  }
  return { runs, points, isWaiting: false }
}
