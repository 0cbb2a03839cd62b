import type { ConfusionMatrix } from './confusion-matrix.ts'

export interface ClassCounts {
  readonly truePositives: readonly number[]
  readonly falsePositives: readonly number[]
  readonly falseNegatives: readonly number[]
}

export interface MeanIou extends ClassCounts {
  /** Mean over all classes, in 0…1; a class that never occurs counts 0. */
  readonly meanIou: number
  readonly iou: readonly number[]
}

/** Where a denominator is 0 the reference implementations divide by this instead. */
const EPSILON = 1e-8

export const computeIou = (tp: number, fp: number, fn: number): number =>
  tp / Math.max(tp + fp + fn, EPSILON)
export const computePrecision = (tp: number, fp: number): number => tp / Math.max(tp + fp, EPSILON)

const range = (length: number): number[] => Array.from({ length }, (_, index) => index)

/** Sums of rows (truth) and columns (prediction). */
export function computeMarginals({ classes, predictions, counts }: ConfusionMatrix): {
  readonly groundTruth: Float64Array
  readonly predicted: Float64Array
} {
  const groundTruth = new Float64Array(classes)
  const predicted = new Float64Array(predictions)
  counts.forEach((count, place) => {
    const row = Math.floor(place / predictions)
    const column = place % predictions
    groundTruth[row] = (groundTruth[row] as number) + count
    predicted[column] = (predicted[column] as number) + count
  })
  return { groundTruth, predicted }
}

/**
 * Intersection over union by class and its mean over **all** classes (docs/method.md §4.1;
 * golden matching_miou.json). The matrix is square: predictions are class indices.
 */
export function computeMeanIou(matrix: ConfusionMatrix): MeanIou {
  const { classes, counts } = matrix
  const { groundTruth, predicted } = computeMarginals(matrix)
  const hits = range(classes).map((index) => counts[index * classes + index] as number)
  const falsePositives = hits.map((tp, index) => (predicted[index] as number) - tp)
  const falseNegatives = hits.map((tp, index) => (groundTruth[index] as number) - tp)
  const iou = hits.map((tp, index) =>
    computeIou(tp, falsePositives[index] as number, falseNegatives[index] as number),
  )
  return {
    truePositives: hits,
    falsePositives,
    falseNegatives,
    iou,
    meanIou: iou.reduce((sum, value) => sum + value, 0) / classes,
  }
}
