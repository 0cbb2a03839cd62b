import { LABELS, SWEEP_KIND } from '../../crds/names.ts'
import type { NeCoRun, RunStatus } from '../../crds/necorun.ts'
import type { NeCoSweep } from '../../crds/necosweep.ts'
import { METRICS, type MetricName } from '../../method/metrics.ts'
import { findCondition } from '../core/conditions.ts'
import { countPoints } from '../core/sweep/decode-point.ts'
import { hyperparameterLabels } from './hyperparameter-labels.ts'
import type { StudyFamily } from './study-families.ts'

/** One series: its value is a number of the object at the moment of the scrape. */
export interface Series {
  readonly family: StudyFamily
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** No run has more series than this, and no sweep. */
export const MOST_SERIES_OF_RUN = 20
export const MOST_SERIES_OF_SWEEP = 30

const series = (
  family: StudyFamily,
  labels: Series['labels'],
  value: number | undefined,
): Series[] => (value === undefined || !Number.isFinite(value) ? [] : [{ family, labels, value }])

/** The reason of Ready, which is what `kubectl get` shows; Pending before the first look. */
const stateOf = ({ conditions }: Pick<RunStatus, 'conditions'> = {}): string =>
  findCondition(conditions, 'Ready')?.reason ?? 'Pending'

/** Finished steps over planned ones, 1 for a run that has succeeded however little it had to do. */
function progressOf({ status = {} }: NeCoRun): number | undefined {
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
const ratioOf = (metric: MetricName, value: number | undefined): number | undefined =>
  value !== undefined && METRICS[metric].unit === 'percent' ? value / 100 : value

type Evaluation = NonNullable<RunStatus['evaluations']>[number]
type Labels = Readonly<Record<'namespace' | 'run', string>>

function evaluationSeries(labels: Labels, { name, at, metrics }: Evaluation): Series[] {
  const where = { ...labels, evaluation: name, at: String(at) }
  const agreement = metrics['neighborAgreementTau' satisfies MetricName]
  return [
    ...MIOU_PROTOCOLS.flatMap(([metric, protocol]) =>
      series('neco_result_miou_ratio', { ...where, protocol }, ratioOf(metric, metrics[metric])),
    ),
    ...series('neco_result_neighbor_agreement_ratio', where, agreement),
  ]
}

/** The end of the schedule is what people ask for first, then its beginning, then what lies between. */
const byInterest = (a: Evaluation, b: Evaluation): number => interest(a) - interest(b)
const interest = ({ at }: Evaluation): number => (at === 1 ? 0 : at === 0 ? 1 : 2)

/** Everything exported of a run, what matters most first. `sweptPaths` are the parameters that its sweep varies. */
export function seriesOfRun(run: NeCoRun, sweptPaths: readonly string[]): readonly Series[] {
  const { metadata, status = {} } = run
  const labels = { namespace: metadata.namespace ?? '', run: metadata.name }
  const { metrics = {}, evaluations = [] } = status
  return [
    ...series(
      'neco_run_info',
      { ...labels, ...originOf(run), ...hyperparameterLabels(run, sweptPaths) },
      1,
    ),
    ...series('neco_run_state', { ...labels, state: stateOf(status) }, 1),
    ...series('neco_run_progress_ratio', labels, progressOf(run)),
    ...series('neco_result_loss', labels, metrics['loss' satisfies MetricName]),
    ...series(
      'neco_result_images_per_second',
      labels,
      metrics['imagesPerSecond' satisfies MetricName],
    ),
    ...evaluations.toSorted(byInterest).flatMap((found) => evaluationSeries(labels, found)),
  ]
}

/** The sweep, point and replicate of a run; empty for one that a person made, as Prometheus reads a missing label. */
function originOf({ metadata }: NeCoRun): Readonly<Record<string, string>> {
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
export function seriesOfSweep({ metadata, spec, status = {} }: NeCoSweep): readonly Series[] {
  const labels = { namespace: metadata.namespace ?? '', sweep: metadata.name }
  return [
    ...series('neco_sweep_state', { ...labels, state: stateOf(status) }, 1),
    ...series('neco_sweep_points', labels, status.points ?? countPoints(spec)),
    ...RUN_STATES.flatMap((state) =>
      series('neco_sweep_runs', { ...labels, state }, status[state] ?? 0),
    ),
    ...Object.entries(status.failures ?? {}).flatMap(([cause, count]) =>
      series('neco_sweep_failed_runs', { ...labels, cause }, count),
    ),
  ]
}
