import { METRIC_NAMES, METRICS, type Metric, type MetricName } from '../../crds/metrics.ts'
import type { RunOutcome, StudyOutcome } from './outcome.ts'

/** One measured column of a study: a measure of training, or of an evaluation at a fraction of the schedule. */
export interface Column {
  /** `loss`, or `scenes.inContextMiou@1`. */
  readonly key: string
  readonly title: string
  readonly metric: Metric
  readonly name: MetricName
  readonly evaluation?: string
  readonly at?: number
}

const momentText = (at: number): string => {
  if (at === 0) return 'before'
  return at === 1 ? 'after' : `at ${at}`
}

const isKnown = (name: string): name is MetricName =>
  (METRIC_NAMES as readonly string[]).includes(name)

const trainingColumn = (name: MetricName): Column => ({
  key: name,
  title: METRICS[name].title,
  metric: METRICS[name],
  name,
})

interface Measured {
  readonly evaluation: string
  readonly at: number
  readonly name: MetricName
}

const evaluationColumn = ({ evaluation, at, name }: Measured, named: boolean): Column => ({
  key: `${evaluation}.${name}@${at}`,
  title: `${named ? `${evaluation} ` : ''}${METRICS[name].title} ${momentText(at)}`,
  metric: METRICS[name],
  name,
  evaluation,
  at,
})

const evaluationsOf = ({ status }: RunOutcome): Measured[] =>
  (status?.evaluations ?? []).flatMap(({ name: evaluation, at, metrics }) =>
    Object.keys(metrics)
      .filter(isKnown)
      .map((name) => ({ evaluation, at, name })),
  )

const order = (a: Measured, b: Measured): number =>
  a.evaluation.localeCompare(b.evaluation) ||
  METRIC_NAMES.indexOf(a.name) - METRIC_NAMES.indexOf(b.name) ||
  a.at - b.at

/** Every column that some run of the study has a value for: evaluations by measure and time, then training. */
export function columnsOf({ runs }: StudyOutcome): readonly Column[] {
  const measured = new Map(
    runs.flatMap(evaluationsOf).map((entry) => [JSON.stringify(entry), entry]),
  )
  const named = new Set([...measured.values()].map(({ evaluation }) => evaluation)).size > 1
  const training = new Set(
    runs.flatMap(({ status }) => Object.keys(status?.metrics ?? {})).filter(isKnown),
  )
  return [
    ...[...measured.values()].sort(order).map((entry) => evaluationColumn(entry, named)),
    ...METRIC_NAMES.filter((name) => training.has(name)).map(trainingColumn),
  ]
}

/** The value of a run in a column, or nothing. */
export function valueIn({ status }: RunOutcome, column: Column): number | undefined {
  if (column.evaluation === undefined) return status?.metrics?.[column.name]
  return status?.evaluations?.find(({ name, at }) => name === column.evaluation && at === column.at)
    ?.metrics[column.name]
}

/** The swept parameters across which two values of this column must not be compared. */
export const incomparableAcross = (
  { metric }: Column,
  { swept }: StudyOutcome,
): readonly string[] => swept.filter((path) => metric.incomparableAcross.includes(path))
