import { LABELS, SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { METRICS, type MetricName } from '../../method/metrics.ts'
import { findCondition } from '../core/conditions.ts'
import { countPoints } from '../core/sweep/decode-point.ts'
import { buildHyperparameterLabels } from './hyperparameter-labels.ts'
import type { StudyFamily } from './study-families.ts'

/** One series: its value is a number of the object at the moment of the scrape. */
export interface Series {
  readonly family: StudyFamily
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** No run has more series than this, and no sweep. */
export const MAX_SERIES_PER_RUN = 20
export const MAX_SERIES_PER_SWEEP = 30

const toSeries = (
  family: StudyFamily,
  labels: Series['labels'],
  value: number | undefined,
): Series[] => (value === undefined || !Number.isFinite(value) ? [] : [{ family, labels, value }])

/** The reason of Ready, which is what `kubectl get` shows; Pending before the first look. */
const readStateLabel = ({ conditions }: Pick<RunStatus, 'conditions'> = {}): string =>
  findCondition(conditions, 'Ready')?.reason ?? 'Pending'

/** Finished steps over planned ones, 1 for a run that has succeeded however little it had to do. */
function computeProgressRatio({ status = {} }: NeCoRun): number | undefined {
  if (findCondition(status.conditions, 'Complete')?.status === 'True') return 1
  const { step, totalSteps } = status
  if (step === undefined || totalSteps === undefined || totalSteps === 0) return 0
  return Math.min(1, step / totalSteps)
}

const MIOU_PROTOCOLS = [
  ['inContextMiou', 'in-context'],
  ['linearMiou', 'linear'],
] as const satisfies readonly (readonly [MetricName, string])[]

/** Prometheus knows no percent: a ratio goes from 0 to 1. */
const toMetricRatio = (metric: MetricName, value: number | undefined): number | undefined =>
  value !== undefined && METRICS[metric].unit === 'percent' ? value / 100 : value

type Evaluation = NonNullable<RunStatus['evaluations']>[number]
type Labels = Readonly<Record<'namespace' | 'run', string>>

function buildEvaluationSeries(labels: Labels, { name, at, metrics }: Evaluation): Series[] {
  const where = { ...labels, evaluation: name, at: String(at) }
  const agreement = metrics['neighborAgreementTau' satisfies MetricName]
  return [
    ...MIOU_PROTOCOLS.flatMap(([metric, protocol]) =>
      toSeries(
        'neco_result_miou_ratio',
        { ...where, protocol },
        toMetricRatio(metric, metrics[metric]),
      ),
    ),
    ...toSeries('neco_result_neighbor_agreement_ratio', where, agreement),
  ]
}

/**
 * The end of the schedule is what people ask for first, then its beginning, then what lies between.
 */
const compareRank = (a: Evaluation, b: Evaluation): number => rankEvaluation(a) - rankEvaluation(b)
const rankEvaluation = ({ at }: Evaluation): number => (at === 1 ? 0 : at === 0 ? 1 : 2)

/**
 * Everything exported of a run, what matters most first. `sweptPaths` are the parameters that its
 * sweep varies.
 */
export function buildRunSeries(run: NeCoRun, sweptPaths: readonly string[]): readonly Series[] {
  const { metadata, status = {} } = run
  const labels = { namespace: metadata.namespace ?? '', run: metadata.name }
  const { metrics = {}, evaluations = [] } = status
  return [
    ...toSeries(
      'neco_run_info',
      { ...labels, ...readSweepLabels(run), ...buildHyperparameterLabels(run, sweptPaths) },
      1,
    ),
    ...toSeries('neco_run_state', { ...labels, state: readStateLabel(status) }, 1),
    ...toSeries('neco_run_progress_ratio', labels, computeProgressRatio(run)),
    ...toSeries('neco_result_loss', labels, metrics['loss' satisfies MetricName]),
    ...toSeries(
      'neco_result_images_per_second',
      labels,
      metrics['imagesPerSecond' satisfies MetricName],
    ),
    ...evaluations.toSorted(compareRank).flatMap((found) => buildEvaluationSeries(labels, found)),
  ]
}

/**
 * The sweep, point and replicate of a run; empty for one that a person made, as Prometheus reads a
 * missing label.
 */
function readSweepLabels({ metadata }: NeCoRun): Readonly<Record<string, string>> {
  const { ownerReferences = [], labels = {} } = metadata
  const owner = ownerReferences.find(({ kind }) => kind === SWEEP_KIND)
  return {
    sweep: owner?.name ?? '',
    point: labels[LABELS.point] ?? '',
    replicate: labels[LABELS.replicate] ?? '',
  }
}

const RUN_STATES = ['pending', 'running', 'succeeded', 'failed'] as const

/** Everything exported of a sweep, what matters most first. */
export function buildSweepSeries({ metadata, spec, status = {} }: NeCoSweep): readonly Series[] {
  const labels = { namespace: metadata.namespace ?? '', sweep: metadata.name }
  return [
    ...toSeries('neco_sweep_state', { ...labels, state: readStateLabel(status) }, 1),
    ...toSeries('neco_sweep_points', labels, status.points ?? countPoints(spec)),
    ...RUN_STATES.flatMap((state) =>
      toSeries('neco_sweep_runs', { ...labels, state }, status[state] ?? 0),
    ),
    ...Object.entries(status.failures ?? {}).flatMap(([cause, count]) =>
      toSeries('neco_sweep_failed_runs', { ...labels, cause }, count),
    ),
  ]
}
