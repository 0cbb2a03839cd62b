import type { RunReport } from '../../contract/run-report.ts'
import type { RunStatus } from '../../crds/necorun.ts'
import type { RunSpec } from '../../crds/spec/run-spec.ts'
import { resolve } from '../../method/resolve.ts'
import { countPoints } from '../../operator/core/sweep/decode-point.ts'
import { formatEvaluation } from '../../pod/evaluation-report.ts'
import type { Study } from '../study.ts'
import type { StudyProgress } from './study-progress.ts'

/** The size of a run: steps may be unknown until the trainer has counted its images. */
interface Workload {
  readonly steps: number
  readonly batchSize: number
  readonly evaluations: number
}

/** What live pods have reported that is not in any status yet. */
export interface LiveReports {
  /** The newest line of each training, by the name of its run. */
  readonly newest: ReadonlyMap<string, RunReport>
  /**
   * What evaluators that have not ended have measured, such as `scenes at 50 %`, by the name of
   * their run.
   */
  readonly evaluated: ReadonlyMap<string, ReadonlySet<string>>
  readonly elapsedMs: number
}

function computeWorkload(spec: RunSpec): Workload {
  const { steps, batchSize } = resolve(spec).optimizer
  const evaluations = (spec.evaluations ?? []).reduce((sum, { at }) => sum + at.length, 0)
  // Steps of epochs are not known before a trainer has counted its images.
  return { steps: steps ?? 0, batchSize, evaluations }
}

interface LiveRun {
  readonly name: string
  readonly spec: RunSpec
  readonly status: RunStatus | undefined
}

function splitStudy(study: Study): {
  readonly live: readonly LiveRun[]
  readonly template: RunSpec
  readonly total: number
} {
  if (study.kind === 'NeCoRun') {
    const { metadata, spec, status } = study.run
    return { live: [{ name: metadata.name, spec, status }], template: spec, total: 1 }
  }
  const { sweep, runs } = study
  return {
    live: runs.map(({ metadata, spec, status }) => ({ name: metadata.name, spec, status })),
    template: sweep.spec.run,
    total: sweep.status?.total ?? countPoints(sweep.spec) * (sweep.spec.replicates ?? 1),
  }
}

const hasTrained = (status: RunStatus | undefined): boolean =>
  status?.tasks?.some(({ kind, state }) => kind === 'Training' && state === 'Succeeded') ?? false

const hasEnded = (status: RunStatus | undefined): boolean =>
  status?.conditions?.some(
    ({ type, status: holds }) => (type === 'Complete' || type === 'Failed') && holds === 'True',
  ) ?? false

const isRunning = (status: RunStatus | undefined): boolean =>
  !hasEnded(status) && (status?.tasks?.some(({ state }) => state === 'Running') ?? false)

interface RunProgress {
  readonly steps: number
  readonly totalSteps: number
  readonly batchSize: number
  readonly evaluated: number
  readonly evaluations: number
  readonly speed: number
}

/**
 * An evaluator finds again what the one before it measured, so that each fraction is counted once.
 */
function countEvaluated(
  status: RunStatus | undefined,
  reported: ReadonlySet<string> = new Set(),
): number {
  const recorded = status?.evaluations ?? []
  const labels = new Set(recorded.map(({ name, at }) => formatEvaluation(name, at)))
  return recorded.length + [...reported].filter((label) => !labels.has(label)).length
}

function computeRunProgress({ name, spec, status }: LiveRun, reports: LiveReports): RunProgress {
  const workload = computeWorkload(spec)
  const report = reports.newest.get(name)
  const totalSteps = report?.totalSteps ?? status?.totalSteps ?? workload.steps
  const isTraining = !hasTrained(status) && !hasEnded(status)
  return {
    steps: hasTrained(status) ? totalSteps : (report?.step ?? status?.step ?? 0),
    totalSteps,
    batchSize: workload.batchSize,
    evaluated: countEvaluated(status, reports.evaluated.get(name)),
    evaluations: workload.evaluations,
    speed: isTraining ? (report?.metrics['imagesPerSecond'] ?? 0) : 0,
  }
}

/** Sums a study over its runs; runs that do not exist yet count as the template says. */
export function computeStudyProgress(study: Study, reports: LiveReports): StudyProgress {
  const { live, template, total } = splitStudy(study)
  const runProgress = live.map((run) => computeRunProgress(run, reports))
  const pendingWorkload = computeWorkload(template)
  const waiting = Math.max(0, total - live.length)
  const sum = (value: (one: RunProgress) => number): number =>
    runProgress.reduce((all, one) => all + value(one), 0)
  return {
    data: {
      done: sum(({ steps, batchSize }) => steps * batchSize),
      total:
        sum(({ totalSteps, batchSize }) => totalSteps * batchSize) +
        waiting * pendingWorkload.steps * pendingWorkload.batchSize,
    },
    training: {
      done: sum(({ steps }) => steps),
      total: sum(({ totalSteps }) => totalSteps) + waiting * pendingWorkload.steps,
    },
    evaluation: {
      done: sum(({ evaluated }) => evaluated),
      total: sum(({ evaluations }) => evaluations) + waiting * pendingWorkload.evaluations,
    },
    runs: {
      running: live.filter(({ status }) => isRunning(status)).length,
      ended: live.filter(({ status }) => hasEnded(status)).length,
      total,
    },
    imagesPerSecond: sum(({ speed }) => speed),
    elapsedMs: reports.elapsedMs,
  }
}
