import { METRICS } from '../../method/metrics.ts'
import { pointLabel } from './point-label.ts'
import { decideVerdict, type RunRecord, type StudyResults } from './study-results.ts'

/** The measures of a figure by which runs are ranked: the first that its evaluation has. */
const RANKED = ['inContextMiou', 'linearMiou'] as const

export interface BestRun {
  readonly run: RunRecord
  /** Path of its last figure under the storage. */
  readonly figure: string
  /** Names the run and the metric by which it is best; undefined for a single run. */
  readonly caption: string | undefined
}

interface Candidate {
  readonly run: RunRecord
  readonly figure: string
  readonly evaluation: string
  readonly at: number
  readonly metrics: Readonly<Record<string, number>>
}

const listFigureCandidates = (run: RunRecord): Candidate[] =>
  (run.status?.evaluations ?? []).flatMap(({ name: evaluation, at, metrics, figures }) => {
    const figure = figures?.[0]
    return figure === undefined ? [] : [{ run, figure, evaluation, at, metrics }]
  })

/** The figures that are comparable: one evaluation at its last fraction of the schedule. */
function lastFigures({ runs }: StudyResults): readonly Candidate[] {
  const ordered = runs.toSorted((a, b) => a.point - b.point || a.replicate - b.replicate)
  const all = ordered
    .filter((run) => decideVerdict(run) === 'Succeeded')
    .flatMap((run) => listFigureCandidates(run))
  const latest = Math.max(...all.map(({ at }) => at))
  const evaluation = all.find(({ at }) => at === latest)?.evaluation
  return all.filter((one) => one.at === latest && one.evaluation === evaluation)
}

const findRankingMetric = (candidates: readonly Candidate[]) =>
  RANKED.find((name) => candidates.every(({ metrics }) => metrics[name] !== undefined))

function formatCaption(
  study: StudyResults,
  best: Candidate,
  candidates: readonly Candidate[],
): string {
  const { run, metrics } = best
  const place = [
    ...(study.swept.length > 0 ? [pointLabel(study.swept, run.assignment)] : []),
    `replicate ${run.replicate}`,
  ].join(', ')
  const name = findRankingMetric(candidates)
  if (name === undefined) return `${run.name}: ${place}`
  const when = best.at === 1 ? 'after training' : `at ${best.at} of the schedule`
  const value = metrics[name]?.toFixed(1)
  return `best of ${candidates.length} runs by ${METRICS[name].title} ${when} (${value} %): ${place}`
}

/**
 * The run of a study with the highest in-context (else linear) mIoU in its last figure; of equals
 * the first point and replicate. Undefined where no run that succeeded has a figure.
 */
export function findBestRun(study: StudyResults): BestRun | undefined {
  const candidates = lastFigures(study)
  const name = findRankingMetric(candidates)
  const measured = ({ metrics }: Candidate): number => (name && metrics[name]) ?? 0
  const [best] = candidates.toSorted((a, b) => measured(b) - measured(a))
  if (best === undefined) return undefined
  const caption = candidates.length > 1 ? formatCaption(study, best, candidates) : undefined
  return { run: best.run, figure: best.figure, caption }
}
