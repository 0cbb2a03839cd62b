import type { FeatureRows } from './nearest-neighbors.ts'

/**
 * Each row divided by its Euclidean length, without an epsilon (docs/method.md §4.2); a row of
 * zeros stays.
 */
export function normalizeFeatureRows({ rows, dim, values }: FeatureRows): FeatureRows {
  const unit = values.slice()
  for (let row = 0; row < rows; row++) {
    const length = computeRowNorm(values, row * dim, dim)
    if (length === 0) continue
    for (let place = row * dim; place < (row + 1) * dim; place++) {
      unit[place] = (unit[place] as number) / length
    }
  }
  return { rows, dim, values: unit }
}

function computeRowNorm(values: ArrayLike<number>, begin: number, dim: number): number {
  let sum = 0
  for (let place = begin; place < begin + dim; place++) sum += (values[place] as number) ** 2
  return Math.sqrt(sum)
}
