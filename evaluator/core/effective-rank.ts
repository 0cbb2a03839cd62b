import type { FeatureRows } from './nearest-neighbors.ts'
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts'

/**
 * How many directions the features fill: exp of the entropy of the normalized eigenvalues of their
 * covariance, between 1 and dim (Roy and Vetterli 2007). 0 when all rows are equal.
 */
export function effectiveRank(features: FeatureRows): number {
  const values = symmetricEigenvalues(covariance(features), features.dim)
  // Rounding can leave eigenvalues of a singular covariance a little below 0.
  const positive = values.map((value) => Math.max(value, 0))
  const total = positive.reduce((sum, value) => sum + value, 0)
  if (total === 0) return 0
  const entropy = positive.reduce((sum, value) => {
    const share = value / total
    return share === 0 ? sum : sum - share * Math.log(share)
  }, 0)
  return Math.exp(entropy)
}

/** Covariance [dim, dim] of rows [rows, dim], divided by the number of rows. */
export function covariance({ rows, dim, values }: FeatureRows): Float64Array {
  const mean = columnMeans({ rows, dim, values })
  const sums = new Float64Array(dim * dim)
  const centered = new Float64Array(dim)
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < dim; i++) {
      centered[i] = (values[row * dim + i] as number) - (mean[i] as number)
    }
    addOuter(sums, centered)
  }
  for (let i = 0; i < dim; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (sums[i * dim + j] as number) / rows
      sums[i * dim + j] = value
      sums[j * dim + i] = value
    }
  }
  return sums
}

/** Mean of each column of [rows, dim]. */
function columnMeans({ rows, dim, values }: FeatureRows): Float64Array {
  const sums = new Float64Array(dim)
  for (let place = 0; place < rows * dim; place++) {
    sums[place % dim] = (sums[place % dim] as number) + (values[place] as number)
  }
  return sums.map((sum) => sum / rows)
}

/** Adds the lower triangle of row · rowᵀ. */
function addOuter(sums: Float64Array, row: Float64Array): void {
  const dim = row.length
  for (let i = 0; i < dim; i++) {
    const own = row[i] as number
    const begin = i * dim
    for (let j = 0; j <= i; j++) {
      sums[begin + j] = (sums[begin + j] as number) + own * (row[j] as number)
    }
  }
}
