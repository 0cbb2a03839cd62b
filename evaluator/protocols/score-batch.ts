import { addPixels, type ConfusionMatrix } from '../core/confusion-matrix.ts'
import { enlargedArgmax } from '../core/resample.ts'
import type { FeatureBatch, FeatureSource } from '../features/feature-source.ts'

export interface ScoredSet {
  readonly validation: FeatureSource
  readonly classes: number
  readonly ignoreLabel: number
  /** Predictions of the first pictures are kept for the figure. */
  readonly keptPredictions: number
}

/** What grows from batch to batch. */
export interface Tally {
  readonly matrix: ConfusionMatrix
  readonly kept: Uint8Array[]
}

/**
 * Enlarges class scores [pictures · grid², classes] of a batch to its pictures, takes the greatest,
 * and counts it against the masks.
 */
export function scoreBatch(
  { validation, classes, ignoreLabel, keptPredictions }: ScoredSet,
  { first, masks }: FeatureBatch,
  { scores, tally }: { readonly scores: Float32Array | Float64Array; readonly tally: Tally },
): void {
  const { grid, sidePx } = validation
  const perPicture = grid * grid * classes
  masks.forEach((truth, index) => {
    const own = scores.subarray(index * perPicture, (index + 1) * perPicture)
    const predicted = enlargedArgmax(own, {
      from: { rows: grid, columns: grid },
      to: { rows: sidePx, columns: sidePx },
      channels: classes,
    })
    addPixels(tally.matrix, { truth, predicted, ignore: ignoreLabel })
    if (first + index < keptPredictions) tally.kept.push(predicted)
  })
}
