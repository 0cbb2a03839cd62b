import type { Scalar } from '../../crds/parameters.ts'
import { type Column, columnsOf, incomparableAcross, valueIn } from './columns.ts'
import {
  failureOf,
  type RunOutcome,
  type StudyOutcome,
  type Verdict,
  verdictOf,
} from './outcome.ts'
import { type Summary, summarise } from './summary.ts'

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

/** What results.json holds. Two runs of one manifest agree in everything but the columns marked `deterministic: false`. */
export interface ResultsDocument {
  readonly schemaVersion: 1
  readonly kind: StudyOutcome['kind']
  readonly name: string
  readonly swept: readonly string[]
  readonly columns: readonly ColumnNote[]
  readonly points: readonly PointRow[]
}

const noteOf = (column: Column, study: StudyOutcome): ColumnNote => ({
  key: column.key,
  title: column.title,
  unit: column.metric.unit,
  better: column.metric.better,
  deterministic: column.metric.deterministic,
  incomparableAcross: incomparableAcross(column, study),
})

const valuesOf = (run: RunOutcome, columns: readonly Column[]): Record<string, number> =>
  Object.fromEntries(
    columns.flatMap((column) => {
      const value = valueIn(run, column)
      return value === undefined ? [] : [[column.key, value]]
    }),
  )

function rowOf(run: RunOutcome, columns: readonly Column[]): RunRow {
  const verdict = verdictOf(run)
  const { runKey, backend } = run.status ?? {}
  return {
    name: run.name,
    replicate: run.replicate,
    verdict,
    ...(verdict === 'Failed' ? { failure: failureOf(run) } : {}),
    ...(runKey === undefined ? {} : { runKey }),
    ...(backend === undefined ? {} : { backend }),
    values: valuesOf(run, columns),
  }
}

function pointOf(runs: readonly RunOutcome[], columns: readonly Column[]): PointRow {
  const rows = runs.toSorted((a, b) => a.replicate - b.replicate).map((run) => rowOf(run, columns))
  const done = rows.filter(({ verdict }) => verdict === 'Succeeded')
  const summary = columns.flatMap(({ key }): [string, Summary][] => {
    const found = summarise(done.flatMap(({ values }) => values[key] ?? []))
    return found === undefined ? [] : [[key, found]]
  })
  return {
    point: runs[0]?.point ?? 0,
    assignment: runs[0]?.assignment ?? {},
    summary: Object.fromEntries(summary),
    runs: rows,
  }
}

/** Gathers the outcome of a study by point and replicate, in their own order whatever order the runs ended in. */
export function resultsDocument(study: StudyOutcome): ResultsDocument {
  const columns = columnsOf(study)
  const byPoint = Map.groupBy(
    study.runs.toSorted((a, b) => a.point - b.point),
    ({ point }) => point,
  )
  return {
    schemaVersion: 1,
    kind: study.kind,
    name: study.name,
    swept: study.swept,
    columns: columns.map((column) => noteOf(column, study)),
    points: [...byPoint.values()].map((runs) => pointOf(runs, columns)),
  }
}
