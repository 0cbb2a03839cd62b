import type { PointRow, ResultsDocument, RunRow } from './results-document.ts'

/** RFC 4180: quoted where needed; numbers in their shortest form. */
const cell = (value: unknown): string => {
  const text = value === undefined ? '' : String(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

const line = (cells: readonly unknown[]): string => `${cells.map(cell).join(',')}\n`

/** One line per run: what its point sets, its verdict and every measured column. */
export function resultsCsv({ swept, columns, points }: ResultsDocument): string {
  const keys = columns.map(({ key }) => key)
  const runLine = ({ point, assignment }: PointRow, run: RunRow): string =>
    line([
      point,
      run.replicate,
      run.name,
      run.verdict,
      ...swept.map((path) => assignment[path]),
      ...keys.map((key) => run.values[key]),
    ])
  return [
    line(['point', 'replicate', 'run', 'verdict', ...swept, ...keys]),
    ...points.flatMap((point) => point.runs.map((run) => runLine(point, run))),
  ].join('')
}
