import type { RandomStream } from '../../vision/random/random-stream.ts'
import type { FeatureRows } from './nearest-neighbors.ts'

/** A linear layer from features to class scores. */
export interface LinearHead {
  readonly classes: number
  readonly dim: number
  readonly weight: Float64Array // [C, D]
  readonly bias: Float64Array // [C]
}

/** Starts as torch's Linear and Conv2d do: uniform in ± 1 ÷ √dim, weight first. */
export function drawHead(classes: number, dim: number, draws: RandomStream): LinearHead {
  const bound = 1 / Math.sqrt(dim)
  const uniform = (length: number) =>
    Float64Array.from({ length }, () => draws.uniformBetween(-bound, bound))
  return { classes, dim, weight: uniform(classes * dim), bias: uniform(classes) }
}

/** Mean and deviation of each column; the deviation is that of a sample (n − 1). */
export interface FeatureScaler {
  readonly mean: Float64Array
  readonly deviation: Float64Array
}

/** Added to every deviation, so that a column that never changes does no harm. */
const MIN_DEVIATION = 1e-5

export function fitFeatureScaler({ rows, dim, values }: FeatureRows): FeatureScaler {
  const mean = columnSums(rows, dim, (place) => values[place] as number).map((sum) => sum / rows)
  const squares = columnSums(
    rows,
    dim,
    (place) => ((values[place] as number) - (mean[place % dim] as number)) ** 2,
  )
  const deviation = squares.map((sum) => Math.sqrt(sum / Math.max(rows - 1, 1)) + MIN_DEVIATION)
  return { mean, deviation }
}

/** (x − mean) ÷ deviation, column by column. */
export function scaleFeatures(
  { rows, dim, values }: FeatureRows,
  { mean, deviation }: FeatureScaler,
): FeatureRows {
  const scaled = values.map(
    (value, place) => (value - (mean[place % dim] as number)) / (deviation[place % dim] as number),
  )
  return { rows, dim, values: scaled }
}

/** The head that does on plain features what `head` does on standardized ones. */
export function foldFeatureScaler(
  head: LinearHead,
  { mean, deviation }: FeatureScaler,
): LinearHead {
  const { classes, dim } = head
  const weight = head.weight.map((value, place) => value / (deviation[place % dim] as number))
  const bias = Float64Array.from({ length: classes }, (_, index) => {
    let value = head.bias[index] as number
    for (let i = 0; i < dim; i++) {
      value -= (weight[index * dim + i] as number) * (mean[i] as number)
    }
    return value
  })
  return { classes, dim, weight, bias }
}

function columnSums(rows: number, dim: number, term: (place: number) => number): Float64Array {
  const sums = new Float64Array(dim)
  for (let place = 0; place < rows * dim; place++) {
    sums[place % dim] = (sums[place % dim] as number) + term(place)
  }
  return sums
}
