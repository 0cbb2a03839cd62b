/** What a measure is called everywhere: in reports, tables, objectives and Prometheus. */
export interface Metric {
  readonly title: string
  readonly unit: 'ratio' | 'percent' | 'nats' | 'images/s' | 'seconds' | 'dimensions' | 'rate'
  readonly better: 'Higher' | 'Lower' | 'Neither'
  /** Parameter paths across which two values of this measure must not be compared. */
  readonly incomparableAcross: readonly string[]
  /** Whether runs with equal settings give equal values, bit for bit. */
  readonly deterministic: boolean
}

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

/** One registry of measures: a new one needs a row here and no schema change. */
export const METRICS = {
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
  inContextMiou: {
    title: 'in-context mIoU',
    unit: 'percent',
    better: 'Higher',
    incomparableAcross: [],
    deterministic: true,
  },
  linearMiou: {
    title: 'linear mIoU',
    unit: 'percent',
    better: 'Higher',
    incomparableAcross: [],
    deterministic: true,
  },
  neighborAgreementTau: {
    title: 'neighbor agreement (Kendall τ)',
    unit: 'ratio',
    better: 'Neither',
    incomparableAcross: [],
    deterministic: true,
  },
  neighborAgreementTop1: {
    title: 'neighbor agreement, top 1',
    unit: 'ratio',
    better: 'Neither',
    incomparableAcross: [],
    deterministic: true,
  },
  neighborAgreementTop5: {
    title: 'neighbor agreement, top 5',
    unit: 'ratio',
    better: 'Neither',
    incomparableAcross: [],
    deterministic: true,
  },
  effectiveRank: {
    title: 'effective rank of the features',
    unit: 'dimensions',
    better: 'Neither',
    incomparableAcross: [],
    deterministic: true,
  },
} as const satisfies Record<string, Metric>

export type MetricName = keyof typeof METRICS
export const METRIC_NAMES = Object.keys(METRICS) as readonly MetricName[]
