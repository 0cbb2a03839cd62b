import type { Metric } from '../../method/metric.ts'
import { METRIC_NAMES, METRICS, type MetricName } from '../../method/metrics.ts'
import type { RunRecord, StudyResults } from './study-results.ts'

/**
 * One measured column of a study: a measure of training, or of an evaluation at a fraction of the
 * schedule.
 */
export interface Column {
  /** `loss`, or `scenes.inContextMiou@1`. */
  readonly key: string
  readonly title: string
  readonly metric: Metric
  readonly name: MetricName
  readonly evaluation?: string
  readonly at?: number
}

const formatFraction = (at: number): string => {
  if (at === 0) return 'before'
  return at === 1 ? 'after' : `at ${at}`
}

const isMetricName = (name: string): name is MetricName =>
  (METRIC_NAMES as readonly string[]).includes(name)

const trainingColumn = (name: MetricName): Column => ({
  key: name,
  title: METRICS[name].title,
  metric: METRICS[name],
  name,
})

interface EvaluatedMetric {
  readonly evaluation: string
  readonly at: number
  readonly name: MetricName
}

const evaluationColumn = ({ evaluation, at, name }: EvaluatedMetric, named: boolean): Column => ({
  key: `${evaluation}.${name}@${at}`,
  title: `${named ? `${evaluation} ` : ''}${METRICS[name].title} ${formatFraction(at)}`,
  metric: METRICS[name],
  name,
  evaluation,
  at,
})

const listEvaluatedMetrics = ({ status }: RunRecord): EvaluatedMetric[] =>
  (status?.evaluations ?? []).flatMap(({ name: evaluation, at, metrics }) =>
    Object.keys(metrics)
      .filter(isMetricName)
      .map((name) => ({ evaluation, at, name })),
  )

const compareEvaluatedMetrics = (a: EvaluatedMetric, b: EvaluatedMetric): number =>
  a.evaluation.localeCompare(b.evaluation) ||
  METRIC_NAMES.indexOf(a.name) - METRIC_NAMES.indexOf(b.name) ||
  a.at - b.at

/**
 * Every column that some run of the study has a value for: evaluations by measure and time, then
 * training.
 */
export function listColumns({ runs }: StudyResults): readonly Column[] {
  const measured = new Map(
    runs.flatMap(listEvaluatedMetrics).map((entry) => [JSON.stringify(entry), entry]),
  )
  const named = new Set([...measured.values()].map(({ evaluation }) => evaluation)).size > 1
  const training = new Set(
    runs.flatMap(({ status }) => Object.keys(status?.metrics ?? {})).filter(isMetricName),
  )
  return [
    ...[...measured.values()]
      .sort(compareEvaluatedMetrics)
      .map((entry) => evaluationColumn(entry, named)),
    ...METRIC_NAMES.filter((name) => training.has(name)).map(trainingColumn),
  ]
}

/** The value of a run in a column; undefined where it has none. */
export function findColumnValue({ status }: RunRecord, column: Column): number | undefined {
  if (column.evaluation === undefined) return status?.metrics?.[column.name]
  return status?.evaluations?.find(({ name, at }) => name === column.evaluation && at === column.at)
    ?.metrics[column.name]
}

/** The swept parameters across which two values of this column must not be compared. */
export const incomparableAcross = (
  { metric }: Column,
  { swept }: StudyResults,
): readonly string[] => swept.filter((path) => metric.incomparableAcross.includes(path))
