import { addPixels, type ConfusionMatrix } from '../core/confusion-matrix.ts'
import { upsampleArgmax } from '../core/resample.ts'
import type { FeatureBatch, FeatureSource } from '../features/feature-source.ts'

export interface SegmentationTask {
  readonly validation: FeatureSource
  readonly classes: number
  readonly ignoreLabel: number
  /** Predictions of the first pictures are kept for the figure. */
  readonly retainedPredictions: number
}

/** What grows from batch to batch. */
export interface SegmentationAccumulator {
  readonly matrix: ConfusionMatrix
  readonly predictedMasks: Uint8Array[]
}

/**
 * Enlarges class scores [pictures · grid², classes] of a batch to its pictures, takes the greatest,
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
