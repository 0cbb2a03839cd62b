import type { ColumnNote, PointRow, ResultsDocument } from './results-document.ts'
import type { Summary } from './summary.ts'

/** The columns of the printed table; the others are in results.json and results.csv. */
const TABLE_METRICS = new Set([
  'inContextMiou',
  'linearMiou',
  'neighborAgreementTau',
  'loss',
  'imagesPerSecond',
])

const parseMetricName = (key: string): string => key.replace(/^.*\./, '').replace(/@.*$/, '')

/** Ratios and losses have three decimals, percentages one or two. */
function chooseDecimals({ unit, key }: ColumnNote): number {
  if (parseMetricName(key) === 'loss' || unit === 'ratio') return 3
  return unit === 'images/s' ? 1 : 2
}

/**
 * `32.61 ± 0.80`; a value that is the same in every replicate was computed once and has no
 * deviation.
 */
function summaryText(summary: Summary | undefined, decimals: number): string {
  if (summary === undefined) return '–'
  const mean = summary.mean.toFixed(decimals)
  const { deviation = 0 } = summary
  return deviation === 0 ? mean : `${mean} ± ${deviation.toFixed(decimals)}`
}

const shortTitle = (title: string): string =>
  title.replace('neighbor agreement (Kendall τ)', 'τ').replace(' mIoU', '')

const formatSuccesses = ({ runs }: PointRow): string => {
  const succeeded = runs.filter(({ verdict }) => verdict === 'Succeeded').length
  const failed = runs.filter(({ verdict }) => verdict === 'Failed').length
  return failed === 0 ? String(succeeded) : `${succeeded} (${failed} failed)`
}

/** Lays out rows of cells: the first `left` columns to the left, the others to the right. */
function formatRows(rows: readonly (readonly string[])[], left: number): string[] {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => row[at]?.length ?? 0)),
  )
  const place = (text: string, at: number): string =>
    at < left ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0)
  return rows.map((row) => row.map(place).join('   ').trimEnd())
}

/** A swept path by its last segment, unless two paths share it. */
function pathTitles(swept: readonly string[]): string[] {
  const lastPathSegment = (path: string): string => path.slice(path.lastIndexOf('.') + 1)
  const repeated = (segment: string): boolean =>
    swept.filter((path) => lastPathSegment(path) === segment).length > 1
  return swept.map((path) => (repeated(lastPathSegment(path)) ? path : lastPathSegment(path)))
}

function footnotes({ columns, points }: ResultsDocument): string[] {
  const marked = columns.filter(({ incomparableAcross }) => incomparableAcross.length > 0)
  const across = new Set(marked.flatMap(({ incomparableAcross }) => incomparableAcross))
  const failures = points.flatMap(({ runs }) =>
    runs.flatMap(({ name, failure }) =>
      failure === undefined ? [] : [`${name} failed. ${failure}`],
    ),
  )
  const note = `* not comparable between rows that differ in ${[...across].join(', ')}`
  return [...(marked.length > 0 ? [note] : []), ...failures]
}

/**
 * The printed table: a row per point, mean ± sample standard deviation over n replicates, mIoU in
 * percent.
 */
export function resultsTable(document: ResultsDocument): string {
  const shown = document.columns.filter(({ key }) => TABLE_METRICS.has(parseMetricName(key)))
  const head = [
    ...(document.swept.length === 0 ? ['run'] : pathTitles(document.swept)),
    'n',
    ...shown.map(({ title, incomparableAcross }) =>
      incomparableAcross.length > 0 ? `${shortTitle(title)} *` : shortTitle(title),
    ),
  ]
  const rows = document.points.map((point) => [
    ...(document.swept.length === 0
      ? [document.name]
      : document.swept.map((path) => String(point.assignment[path] ?? 'as in run'))),
    formatSuccesses(point),
    ...shown.map((column) => summaryText(point.summary[column.key], chooseDecimals(column))),
  ])
  const title = `${document.name}: mean ± sample standard deviation over n replicates; in-context and linear are mIoU in percent`
  const labels = Math.max(1, document.swept.length)
  const lines = formatRows([head, ...rows], labels)
  const rule = '─'.repeat(Math.max(...lines.map((text) => text.length)))
  return [title, '', lines[0], rule, ...lines.slice(1), '', ...footnotes(document)]
    .join('\n')
    .trimEnd()
    .concat('\n')
}
