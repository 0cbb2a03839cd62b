import { METRICS } from '../../crds/metrics.ts'
import { type RunOutcome, type StudyOutcome, verdictOf } from './outcome.ts'
import { pointLabel } from './point-label.ts'

/** The measures of a figure by which runs are ranked: the first that its evaluation has. */
const RANKED = ['inContextMiou', 'linearMiou'] as const

export interface BestRun {
  readonly run: RunOutcome
  /** Path of its last figure under the storage. */
  readonly figure: string
  /** Which run this is, and by what it is the best; nothing to say where there is one run only. */
  readonly words: string | undefined
}

interface Candidate {
  readonly run: RunOutcome
  readonly figure: string
  readonly evaluation: string
  readonly at: number
  readonly metrics: Readonly<Record<string, number>>
}

const candidatesOf = (run: RunOutcome): Candidate[] =>
  (run.status?.evaluations ?? []).flatMap(({ name: evaluation, at, metrics, figures }) => {
    const figure = figures?.[0]
    return figure === undefined ? [] : [{ run, figure, evaluation, at, metrics }]
  })

/** The figures that may be compared: one evaluation at its last fraction of the schedule. */
function lastFigures({ runs }: StudyOutcome): readonly Candidate[] {
  const ordered = runs.toSorted((a, b) => a.point - b.point || a.replicate - b.replicate)
  const all = ordered
    .filter((run) => verdictOf(run) === 'Succeeded')
    .flatMap((run) => candidatesOf(run))
  const latest = Math.max(...all.map(({ at }) => at))
  const evaluation = all.find(({ at }) => at === latest)?.evaluation
  return all.filter((one) => one.at === latest && one.evaluation === evaluation)
}

const rankedBy = (candidates: readonly Candidate[]) =>
  RANKED.find((name) => candidates.every(({ metrics }) => metrics[name] !== undefined))

function wordsOf(study: StudyOutcome, best: Candidate, candidates: readonly Candidate[]): string {
  const { run, metrics } = best
  const place = [
    ...(study.swept.length > 0 ? [pointLabel(study.swept, run.assignment)] : []),
    `replicate ${run.replicate}`,
  ].join(', ')
  const name = rankedBy(candidates)
  if (name === undefined) return `${run.name}: ${place}`
  const when = best.at === 1 ? 'after training' : `at ${best.at} of the schedule`
  const value = metrics[name]?.toFixed(1)
  return `best of ${candidates.length} runs by ${METRICS[name].title} ${when} (${value} %): ${place}`
}

/** The run of a study with the highest in-context (else linear) mIoU in its last figure; of equals the first point and replicate. Undefined where no run that succeeded has a figure. */
export function bestRun(study: StudyOutcome): BestRun | undefined {
  const candidates = lastFigures(study)
  const name = rankedBy(candidates)
  const measured = ({ metrics }: Candidate): number => (name && metrics[name]) ?? 0
  const [best] = candidates.toSorted((a, b) => measured(b) - measured(a))
  if (best === undefined) return undefined
  const words = candidates.length > 1 ? wordsOf(study, best, candidates) : undefined
  return { run: best.run, figure: best.figure, words }
}
