import { Counter, Gauge, Registry } from 'prom-client'
import type { PodIdentity } from '../contract/run-config.ts'
import type { RunReport } from '../contract/run-report.ts'
import { omitUndefined } from '../std/omit-undefined.ts'
import type { ReportBody } from './spool.ts'

/** What /metrics of a pod shows, updated by what the pod reports. */
export interface PodMetrics {
  readonly registry: Registry
  /** A finished step, also where it is not reported. */
  stepped(body: ReportBody): void
  /** Lines that are durable. */
  reported(reports: readonly RunReport[]): void
  unshipped(count: number): void
}

/** Evaluations beyond this many label sets are left out: a run has at most 20 series. */
const MAX_EVALUATION_SERIES = 10
const PROTOCOL_BY_METRIC = { inContextMiou: 'in-context', linearMiou: 'linear' } as const
const PERCENT = 100

const createGauge = (registry: Registry, name: string, help: string): Gauge =>
  new Gauge({ name, help, registers: [registry] })

/**
 * A trainer's measures begin with neco_train_, an evaluator's with neco_eval_. Every series has the
 * labels run and attempt, and sweep where there is one.
 */
export function createPodMetrics(
  identity: PodIdentity,
  program: 'trainer' | 'evaluator',
  now: () => Date,
): PodMetrics {
  const registry = new Registry()
  const { run, attempt, sweep } = identity
  registry.setDefaultLabels({ run, attempt, ...omitUndefined({ sweep }) })
  const waiting = createGauge(
    registry,
    'neco_bus_unshipped_reports',
    'Reports in the spool that NATS has not acknowledged.',
  )
  const seconds = (): number => now().getTime() / 1000
  const recorder =
    program === 'trainer' ? trainerMetrics(registry, seconds) : evaluatorMetrics(registry)
  return { registry, ...recorder, unshipped: (count) => waiting.set(count) }
}

type MetricsRecorder = Pick<PodMetrics, 'stepped' | 'reported'>

function trainerMetrics(registry: Registry, seconds: () => number): MetricsRecorder {
  const trainGauge = (name: string, help: string) =>
    createGauge(registry, `neco_train_${name}`, help)
  const loss = trainGauge('loss', 'NeCo loss of the last step, in nats.')
  const rate = trainGauge('images_per_second', 'Images a second in the last step.')
  const step = trainGauge('step', 'Finished steps of the schedule.')
  const planned = trainGauge('steps', 'Steps of the whole schedule.')
  const stepTime = trainGauge('last_step_timestamp_seconds', 'When the last step ended, Unix time.')
  const saved = trainGauge('checkpoint_step', 'Step of the newest durable checkpoint.')
  const savedTime = trainGauge(
    'checkpoint_timestamp_seconds',
    'When the newest checkpoint was durable, Unix time.',
  )
  const images = new Counter({
    name: 'neco_train_images_total',
    help: 'Images that this pod trained on.',
    registers: [registry],
  })
  let seen: number | undefined
  return {
    stepped({ metrics, imagesSeen, ...body }) {
      loss.set(metrics['loss'] ?? Number.NaN)
      rate.set(metrics['imagesPerSecond'] ?? Number.NaN)
      step.set(body.step)
      planned.set(body.totalSteps)
      stepTime.set(seconds())
      images.inc(Math.max(0, imagesSeen - (seen ?? imagesSeen)))
      seen = imagesSeen
    },
    reported(reports) {
      for (const report of reports) {
        if (report.kind === 'Started') seen = report.imagesSeen
        if (report.kind !== 'Checkpoint') continue
        saved.set(report.step)
        savedTime.set(seconds())
      }
    },
  }
}

function evaluatorMetrics(registry: Registry): MetricsRecorder {
  const miou = new Gauge({
    name: 'neco_eval_miou_ratio',
    help: 'Mean intersection over union, 0 to 1.',
    labelNames: ['protocol', 'fraction'],
    registers: [registry],
  })
  const agreement = new Gauge({
    name: 'neco_eval_neighbor_agreement_ratio',
    help: 'Kendall tau of the neighbor orders of two crops, -1 to 1.',
    labelNames: ['fraction'],
    registers: [registry],
  })
  const shown = new Set<string>()
  const isShown = (series: string): boolean => {
    if (shown.size < MAX_EVALUATION_SERIES) shown.add(series)
    return shown.has(series)
  }
  const show = (report: RunReport): void => {
    const fraction = toFractionLabel(report)
    const tau = report.metrics['neighborAgreementTau']
    if (tau !== undefined && isShown(`tau ${fraction}`)) agreement.set({ fraction }, tau)
    for (const [protocol, percent] of listMious(report)) {
      if (isShown(`${protocol} ${fraction}`)) miou.set({ protocol, fraction }, percent / PERCENT)
    }
  }
  return {
    stepped: () => undefined,
    reported: (reports) => reports.filter(({ kind }) => kind === 'Evaluation').forEach(show),
  }
}

/** The fraction of the schedule that an evaluation measured. */
const toFractionLabel = ({ step, totalSteps }: RunReport): string =>
  totalSteps === 0 ? '0' : String(Number((step / totalSteps).toFixed(4)))

const listMious = ({ metrics }: RunReport): [protocol: string, percent: number][] =>
  Object.entries(PROTOCOL_BY_METRIC).flatMap(([metric, protocol]) => {
    const percent = metrics[metric]
    return percent === undefined ? [] : [[protocol, percent]]
  })
