import type { MetricName } from '../../method/metrics.ts'
import { addPixels, type ConfusionMatrix } from '../core/confusion-matrix.ts'
import { IGNORE_LABEL } from '../core/ignore-label.ts'
import { upsampleArgmax } from '../core/resample.ts'
import type { FeatureBatch, FeatureSource } from '../features/feature-source.ts'
import type { BackboneEvaluation, Predictions } from './protocol.ts'

export interface SegmentationTask {
  readonly validation: FeatureSource
  readonly classes: number
  readonly ignoreLabel: number
  /** Predictions of the first images are kept for the figure. */
  readonly retainedPredictions: number
}

/** Sums over the batches. */
export interface SegmentationAccumulator {
  readonly matrix: ConfusionMatrix
  readonly predictedMasks: Uint8Array[]
}

/**
 * Enlarges class scores [images · grid², classes] of a batch to its images, takes the greatest,
 * and counts it against the masks.
 */
export function accumulateBatch(
  { validation, classes, ignoreLabel, retainedPredictions }: SegmentationTask,
  { first, masks }: FeatureBatch,
  {
    scores,
    tally: accumulator,
  }: { readonly scores: Float32Array | Float64Array; readonly tally: SegmentationAccumulator },
): void {
  const { grid, sidePx } = validation
  const perImage = grid * grid * classes
  masks.forEach((groundTruth, index) => {
    const own = scores.subarray(index * perImage, (index + 1) * perImage)
    const predicted = upsampleArgmax(own, {
      from: { rows: grid, columns: grid },
      to: { rows: sidePx, columns: sidePx },
      channels: classes,
    })
    addPixels(accumulator.matrix, { groundTruth, predicted, ignore: ignoreLabel })
    if (first + index < retainedPredictions) accumulator.predictedMasks.push(predicted)
  })
}

/** What a segmentation protocol found on the validation set. */
export interface SegmentationResult {
  readonly miouPercent: number
  readonly iouPercentByClass: readonly number[]
  /** Class indices [side, side] of the first images. */
  readonly predictions: readonly Uint8Array[]
}

/** What the segmentation protocols take from an evaluation. */
export function buildSegmentationContext({
  settings,
  backbone,
  memory,
  retainedPredictions,
}: BackboneEvaluation) {
  return {
    patchPx: backbone.settings.patchSizePx,
    classes: memory.classes.length,
    ignoreLabel: IGNORE_LABEL,
    seed: settings.seed,
    retainedPredictions,
  }
}

/** The measurement of a segmentation protocol, whose one metric is the mIoU. */
export function toMeasurement<Metric extends MetricName>(
  metric: Metric,
  { miouPercent, iouPercentByClass, predictions: masks }: SegmentationResult,
  sidePx: number,
): SegmentationMeasurement<Metric> {
  return {
    metrics: { [metric]: miouPercent } as Record<Metric, number>,
    iouPercentByClass: { [metric]: iouPercentByClass },
    predictions: { metric, sidePx, masks },
  }
}

interface SegmentationMeasurement<Metric extends MetricName> {
  readonly metrics: Readonly<Record<Metric, number>>
  readonly iouPercentByClass: Readonly<Record<string, readonly number[]>>
  readonly predictions: Predictions
}
