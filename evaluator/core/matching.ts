import { type Assignment, linearSumAssignment } from './assignment.ts'
import { addPixels, type ConfusionMatrix, emptyConfusionMatrix } from './confusion-matrix.ts'
import {
  computeIou,
  computeMarginals,
  computeMeanIou,
  computePrecision,
  type MeanIou,
} from './mean-iou.ts'

/** How predicted labels become classes (docs/method.md §4.1). */
export type Matching =
  /** Labels are classes already: the linear probe. */
  | 'None'
  /** One to one, greatest total IoU; labels left over become class 0. */
  | 'Hungarian'
  /** Each label takes the class where its precision is highest; the first wins. */
  | 'GreedyPrecision'
  /** The same by IoU. */
  | 'GreedyIou'

export interface MatchedLabels extends MeanIou {
  /** Class of each predicted label. */
  readonly classByLabel: readonly number[]
  /** IoU, or precision for GreedyPrecision, of each class with each label: [classes · labels]. */
  readonly scores: Float64Array
  readonly assignment?: Assignment
}

/** Matches labels to classes and measures IoU. Golden matching_miou.json, every case. */
export function matchLabels(matrix: ConfusionMatrix, matching: Matching): MatchedLabels {
  const scores = computeMatchScores(matrix, matching === 'GreedyPrecision')
  if (matching === 'None') {
    const classByLabel = Array.from({ length: matrix.predictions }, (_, label) => label)
    return { ...computeMeanIou(matrix), classByLabel, scores }
  }
  if (matching !== 'Hungarian') {
    const classByLabel = findBestClasses(matrix, scores)
    return { ...computeMeanIou(relabelMatrix(matrix, classByLabel)), classByLabel, scores }
  }
  const assignment = linearSumAssignment({
    rows: matrix.classes,
    columns: matrix.predictions,
    values: scores.map((score) => 1 - score),
  })
  const classByLabel = new Array<number>(matrix.predictions).fill(0)
  assignment.columns.forEach((label, index) => {
    classByLabel[label] = assignment.rows[index] as number
  })
  return {
    ...computeMeanIou(relabelMatrix(matrix, classByLabel)),
    classByLabel,
    scores,
    assignment,
  }
}

/** Counts whole arrays at once: `labels` predicted labels against `classes` classes. */
export function buildConfusionMatrix(options: {
  readonly groundTruth: ArrayLike<number>
  readonly predicted: ArrayLike<number>
  readonly classes: number
  readonly labels: number
}): ConfusionMatrix {
  const matrix = emptyConfusionMatrix(options.classes, options.labels)
  addPixels(matrix, options)
  return matrix
}

function computeMatchScores(matrix: ConfusionMatrix, byPrecision: boolean): Float64Array {
  const { groundTruth, predicted } = computeMarginals(matrix)
  return matrix.counts.map((tp, place) => {
    const fn = (groundTruth[Math.floor(place / matrix.predictions)] as number) - tp
    const fp = (predicted[place % matrix.predictions] as number) - tp
    return byPrecision ? computePrecision(tp, fp) : computeIou(tp, fp, fn)
  })
}

function findBestClasses(
  { classes, predictions }: ConfusionMatrix,
  scores: Float64Array,
): number[] {
  const findBestClass = (label: number): number => {
    let best = 0
    for (let row = 1; row < classes; row++) {
      const score = scores[row * predictions + label] as number
      if (score > (scores[best * predictions + label] as number)) best = row
    }
    return best
  }
  return Array.from({ length: predictions }, (_, label) => findBestClass(label))
}

function relabelMatrix(matrix: ConfusionMatrix, classByLabel: readonly number[]): ConfusionMatrix {
  const square = emptyConfusionMatrix(matrix.classes)
  matrix.counts.forEach((count, place) => {
    const row = Math.floor(place / matrix.predictions)
    const target = row * matrix.classes + (classByLabel[place % matrix.predictions] as number)
    square.counts[target] = (square.counts[target] as number) + count
  })
  return square
}
