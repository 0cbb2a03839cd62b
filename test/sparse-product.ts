import type { SparseMatrix } from '../vision/ops/sparse-matrix.ts'

/** The matrix times a dense one [cols, width], in float64 and row by row: what kernels are held to. */
export function sparseProduct(
  matrix: SparseMatrix,
  dense: Float64Array,
  width: number,
): Float64Array {
  const product = new Float64Array(matrix.rows * width)
  const row = (index: number) => dense.subarray(index * width, (index + 1) * width)
  for (let r = 0; r < matrix.rows; r++) {
    const begin = matrix.indptr[r] ?? 0
    const columns = matrix.indices.subarray(begin, matrix.indptr[r + 1])
    const sum = product.subarray(r * width, (r + 1) * width)
    columns.forEach((column, at) => {
      addScaled(sum, row(column), matrix.values[begin + at] ?? 0)
    })
  }
  return product
}

function addScaled(sum: Float64Array, row: Float64Array, scale: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + scale * (row[i] ?? 0)
}
