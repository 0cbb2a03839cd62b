/**
 * How often ground-truth class `row` was predicted as `column`; pixels of a whole set are pooled.
 */
export interface ConfusionMatrix {
  readonly classes: number
  readonly predictions: number
  /** [classes · predictions], row-major. */
  readonly counts: Float64Array
}

interface LabeledPixels {
  readonly groundTruth: ArrayLike<number>
  readonly predicted: ArrayLike<number>
  /** Pixels whose truth has this value do not count. */
  readonly ignore?: number | undefined
}

export const emptyConfusionMatrix = (classes: number, predictions = classes): ConfusionMatrix => ({
  classes,
  predictions,
  counts: new Float64Array(classes * predictions),
})

/**
 * Adds one image (or a whole set) to the counts, in place. Truth and prediction are class
 * indices, pixel by pixel. Throws RangeError when a class is outside the matrix: readers of data
 * sets refuse such masks before, with the name of the file.
 */
export function addPixels(
  matrix: ConfusionMatrix,
  { groundTruth, predicted, ignore }: LabeledPixels,
): void {
  const { classes, predictions, counts } = matrix
  for (let pixel = 0; pixel < groundTruth.length; pixel++) {
    const row = groundTruth[pixel] as number
    if (row === ignore) continue
    const column = predicted[pixel] as number
    if (row >= classes || column >= predictions) {
      throw new RangeError(`class ${row} predicted as ${column} is outside ${classes} classes`)
    }
    counts[row * predictions + column] = (counts[row * predictions + column] as number) + 1
  }
}
