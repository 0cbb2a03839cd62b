import type { Metric } from './metric.ts'
import { PROTOCOLS, type ProtocolMetric } from './protocols.ts'

const LOSS_AXES = [
  'preset',
  'references.source',
  'references.count',
  'references.fraction',
  'references.queueLength',
  'references.neighbors',
  'loss.objective',
  'loss.studentSteepness',
  'loss.teacherSteepness',
  'loss.network',
  'loss.relaxation',
  'loss.lambda',
  'loss.similarity',
  'loss.direction',
  'loss.reduction',
  'loss.keptNeighbors',
  'loss.renormalizeKept',
  'loss.epsilon',
  'loss.patches',
  'optimizer.batchSize',
] as const

/** Metrics of training; those of evaluations stand with their protocol in protocols.ts. */
const TRAINING_METRICS = {
  loss: {
    title: 'NeCo loss',
    unit: 'nats',
    better: 'Lower',
    incomparableAcross: LOSS_AXES,
    deterministic: true,
  },
  imagesPerSecond: {
    title: 'images/s',
    unit: 'images/s',
    better: 'Higher',
    incomparableAcross: [],
    deterministic: false,
  },
  trainingSeconds: {
    title: 'training time',
    unit: 'seconds',
    better: 'Lower',
    incomparableAcross: [],
    deterministic: false,
  },
  backboneLearningRate: {
    title: 'backbone learning rate',
    unit: 'rate',
    better: 'Neither',
    incomparableAcross: [],
    deterministic: true,
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof TRAINING_METRICS | ProtocolMetric

/**
 * One registry of metrics: a new one needs a row here, or in its protocol, and no schema change.
 */
export const METRICS = Object.assign(
  {},
  TRAINING_METRICS,
  ...Object.values(PROTOCOLS).map(({ metrics }) => metrics),
) as Readonly<Record<MetricName, Metric>>
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[]
