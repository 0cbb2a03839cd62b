import { type Assignment, leastCostAssignment } from './assignment.ts'
import { addPixels, type ConfusionMatrix, emptyConfusion } from './confusion-matrix.ts'
import { iouOf, type MeanIou, marginals, meanIouOf, precisionOf } from './mean-iou.ts'

/** How predicted labels become classes (neco-method §4.1). */
export type Matching =
  /** Labels are classes already: the linear probe. */
  | 'None'
  /** One to one, greatest total IoU; labels left over become class 0. */
  | 'Hungarian'
  /** Each label takes the class where its precision is highest; the first wins. */
  | 'GreedyPrecision'
  /** The same by IoU. */
  | 'GreedyIou'

export interface Matched extends MeanIou {
  /** Class of each predicted label. */
  readonly classOf: readonly number[]
  /** IoU, or precision for GreedyPrecision, of each class with each label: [classes · labels]. */
  readonly scores: Float64Array
  readonly assignment?: Assignment
}

/** Matches labels to classes and measures IoU. Golden matching_miou.json, every case. */
export function matchLabels(matrix: ConfusionMatrix, matching: Matching): Matched {
  const scores = scoresOf(matrix, matching === 'GreedyPrecision')
  if (matching === 'None') {
    const classOf = Array.from({ length: matrix.predictions }, (_, label) => label)
    return { ...meanIouOf(matrix), classOf, scores }
  }
  if (matching !== 'Hungarian') {
    const classOf = bestClasses(matrix, scores)
    return { ...meanIouOf(relabelled(matrix, classOf)), classOf, scores }
  }
  const assignment = leastCostAssignment({
    rows: matrix.classes,
    columns: matrix.predictions,
    values: scores.map((score) => 1 - score),
  })
  const classOf = new Array<number>(matrix.predictions).fill(0)
  assignment.columns.forEach((label, index) => {
    classOf[label] = assignment.rows[index] as number
  })
  return { ...meanIouOf(relabelled(matrix, classOf)), classOf, scores, assignment }
}

/** Counts whole arrays at once: `labels` predicted labels against `classes` classes. */
export function confusionOf(options: {
  readonly truth: ArrayLike<number>
  readonly predicted: ArrayLike<number>
  readonly classes: number
  readonly labels: number
}): ConfusionMatrix {
  const matrix = emptyConfusion(options.classes, options.labels)
  addPixels(matrix, options)
  return matrix
}

function scoresOf(matrix: ConfusionMatrix, byPrecision: boolean): Float64Array {
  const { truth, predicted } = marginals(matrix)
  return matrix.counts.map((tp, place) => {
    const fn = (truth[Math.floor(place / matrix.predictions)] as number) - tp
    const fp = (predicted[place % matrix.predictions] as number) - tp
    return byPrecision ? precisionOf(tp, fp) : iouOf(tp, fp, fn)
  })
}

function bestClasses({ classes, predictions }: ConfusionMatrix, scores: Float64Array): number[] {
  const bestOf = (label: number): number => {
    let best = 0
    for (let row = 1; row < classes; row++) {
      const score = scores[row * predictions + label] as number
      if (score > (scores[best * predictions + label] as number)) best = row
    }
    return best
  }
  return Array.from({ length: predictions }, (_, label) => bestOf(label))
}

function relabelled(matrix: ConfusionMatrix, classOf: readonly number[]): ConfusionMatrix {
  const square = emptyConfusion(matrix.classes)
  matrix.counts.forEach((count, place) => {
    const row = Math.floor(place / matrix.predictions)
    const target = row * matrix.classes + (classOf[place % matrix.predictions] as number)
    square.counts[target] = (square.counts[target] as number) + count
  })
  return square
}
