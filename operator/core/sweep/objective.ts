import type { NeCoRun } from '../../../crds/necorun.ts'
import type { SweepSpec } from '../../../crds/spec/sweep-spec.ts'
import { METRICS, type MetricName } from '../../../method/metrics.ts'

export type Objective = NonNullable<SweepSpec['objective']>

const isKnownMetric = (name: string): name is MetricName => name in METRICS

/**
 * The objective of a run: as measured by the latest evaluation that did so, else by its training.
 */
export function findObjectiveValue(run: NeCoRun, objective: Objective): number | undefined {
  const { metric, evaluation } = objective
  const measured = (run.status?.evaluations ?? [])
    .filter(({ name, metrics }) => (evaluation ?? name) === name && metric in metrics)
    .sort((a, b) => b.at - a.at)
  return (
    measured[0]?.metrics[metric] ??
    (evaluation === undefined ? run.status?.metrics?.[metric] : undefined)
  )
}

/** Whether more is better. Metrics that are only reported count upwards. */
export const isHigherBetter = ({ metric }: Objective): boolean =>
  !isKnownMetric(metric) || METRICS[metric].better !== 'Lower'

/** Paths that a sweep varies. */
const listVariedPaths = ({ axes = [], zip = [], points = [] }: SweepSpec): string[] => [
  ...new Set([
    ...[...axes, ...zip].map(({ parameter }) => parameter),
    ...points.flatMap((point) => Object.keys(point)),
  ]),
]

/** The varied paths across which the metric must not be compared. */
export function findIncomparablePaths(spec: SweepSpec, { metric }: Objective): string[] {
  if (!isKnownMetric(metric)) return []
  const across: readonly string[] = METRICS[metric].incomparableAcross
  return listVariedPaths(spec).filter((path) => across.includes(path))
}
