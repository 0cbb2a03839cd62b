import { MAX_LINES } from '../report/plot.ts'
import type { RunRecord, StudyResults } from '../report/study-results.ts'

/** The runs whose curves fit in a plot: those of the first points. */
export function selectPlottedRuns({ runs }: StudyResults): readonly RunRecord[] {
  const points = [...new Set(runs.map(({ point }) => point))].sort((a, b) => a - b)
  const shown = new Set(points.slice(0, MAX_LINES))
  return runs.filter(({ point }) => shown.has(point))
}
