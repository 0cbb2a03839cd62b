import type { Scalar } from '../../crds/spec/parameters.ts'
import { omitUndefined } from '../../std/omit-undefined.ts'
import { type Column, findColumnValue, incomparableAcross, listColumns } from './columns.ts'
import {
  decideVerdict,
  formatFailure,
  type RunRecord,
  type StudyResults,
  type Verdict,
} from './study-results.ts'
import { type Summary, summarize } from './summary.ts'

export interface ColumnNote {
  readonly key: string
  readonly title: string
  readonly unit: string
  readonly better: string
  /** Equal settings give equal values, bit for bit; false for speed and time. */
  readonly deterministic: boolean
  readonly incomparableAcross: readonly string[]
}

export interface RunRow {
  readonly name: string
  readonly replicate: number
  readonly verdict: Verdict
  readonly failure?: string
  readonly runKey?: string
  readonly backend?: string
  readonly values: Readonly<Record<string, number>>
}

export interface PointRow {
  readonly point: number
  readonly assignment: Readonly<Record<string, Scalar>>
  readonly summary: Readonly<Record<string, Summary>>
  readonly runs: readonly RunRow[]
}

/**
 * What results.json holds. Two runs of one manifest agree in everything but the columns marked
 * `deterministic: false`.
 */
export interface ResultsDocument {
  readonly schemaVersion: 1
  readonly kind: StudyResults['kind']
  readonly name: string
  readonly swept: readonly string[]
  readonly columns: readonly ColumnNote[]
  readonly points: readonly PointRow[]
}

const toColumnNote = (column: Column, study: StudyResults): ColumnNote => ({
  key: column.key,
  title: column.title,
  unit: column.metric.unit,
  better: column.metric.better,
  deterministic: column.metric.deterministic,
  incomparableAcross: incomparableAcross(column, study),
})

const readColumnValues = (run: RunRecord, columns: readonly Column[]): Record<string, number> =>
  Object.fromEntries(
    columns.flatMap((column) => {
      const value = findColumnValue(run, column)
      return value === undefined ? [] : [[column.key, value]]
    }),
  )

function toRunRow(run: RunRecord, columns: readonly Column[]): RunRow {
  const verdict = decideVerdict(run)
  const { runKey, backend } = run.status ?? {}
  return {
    name: run.name,
    replicate: run.replicate,
    verdict,
    ...(verdict === 'Failed' ? { failure: formatFailure(run) } : {}),
    ...omitUndefined({ runKey, backend }),
    values: readColumnValues(run, columns),
  }
}

function toPointRow(runs: readonly RunRecord[], columns: readonly Column[]): PointRow {
  const rows = runs
    .toSorted((a, b) => a.replicate - b.replicate)
    .map((run) => toRunRow(run, columns))
  const done = rows.filter(({ verdict }) => verdict === 'Succeeded')
  const summary = columns.flatMap(({ key }): [string, Summary][] => {
    const found = summarize(done.flatMap(({ values }) => values[key] ?? []))
    return found === undefined ? [] : [[key, found]]
  })
  return {
    point: runs[0]?.point ?? 0,
    assignment: runs[0]?.assignment ?? {},
    summary: Object.fromEntries(summary),
    runs: rows,
  }
}

/**
 * Groups the results of a study by point and replicate, independent of the order in which runs
 * ended.
 */
export function buildResultsDocument(study: StudyResults): ResultsDocument {
  const columns = listColumns(study)
  const byPoint = Map.groupBy(
    study.runs.toSorted((a, b) => a.point - b.point),
    ({ point }) => point,
  )
  return {
    schemaVersion: 1,
    kind: study.kind,
    name: study.name,
    swept: study.swept,
    columns: columns.map((column) => toColumnNote(column, study)),
    points: [...byPoint.values()].map((runs) => toPointRow(runs, columns)),
  }
}
