import type { RunOutcome, StudyOutcome } from '../report/outcome.ts'
import { MAX_LINES } from '../report/plot.ts'

/** The runs whose curves a plot shows: those of its first points. */
export function curveRuns({ runs }: StudyOutcome): readonly RunOutcome[] {
  const points = [...new Set(runs.map(({ point }) => point))].sort((a, b) => a - b)
  const shown = new Set(points.slice(0, MAX_LINES))
  return runs.filter(({ point }) => shown.has(point))
}
