import type { MetricName } from '../../method/metrics.ts'
import type { Protocol, ProtocolMetric } from '../../method/protocols.ts'
import type { EvaluationSettings } from '../../method/settings/evaluation.ts'
import type { Dataset } from '../../vision/datasets/dataset.ts'
import type { ColorStatistics } from '../../vision/images/normalize-image.ts'
import type { Backbone } from '../../vision/vit/parameters.ts'
import type { BatchEndCallback, FeatureSource } from '../features/feature-source.ts'
import type { SampleTransform } from '../features/sample-transform.ts'

export interface BackboneEvaluation {
  readonly backbone: Backbone
  readonly settings: EvaluationSettings
  readonly memory: Dataset
  readonly validation: Dataset
  readonly onBatchEnd: BatchEndCallback
  /** Predictions of the first images are kept for the figure. */
  readonly retainedPredictions: number
}

/** Measures one backbone by one protocol; every metric that method/protocols.ts declares for it. */
export type MeasureProtocol<Name extends Protocol> = (
  evaluation: BackboneEvaluation,
  sources: FeatureSources,
) => Promise<ProtocolMeasurement<Name>>

export interface ProtocolMeasurement<Name extends Protocol> {
  readonly metrics: Readonly<Record<ProtocolMetric<Name>, number>>
  readonly iouPercentByClass: Readonly<Record<string, readonly number[]>>
  /** Segmentations for the figure; the first protocol that has any gives them. */
  readonly predictions: Predictions | undefined
}

export interface Predictions {
  readonly metric: MetricName
  readonly sidePx: number
  /** Class indices [side, side] of the first images. */
  readonly masks: readonly Uint8Array[]
}

/** Images resized to a square, by data set; those of one size and normalization share features. */
export interface FeatureSources {
  unaugmented(set: 'memory' | 'validation', view: InputView): FeatureSource
  augmented(transform: SampleTransform, sidePx: number, groupSize?: number): FeatureSource
}

interface InputView {
  readonly sidePx: number
  readonly normalization: ColorStatistics
}
