import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runSingleOutputKernel } from './run-kernel.ts'
import { type SparseMatrix, transposeSparse } from './sparse-matrix.ts'

/** Kept while the matrix lives, because a model uses its interpolation matrices every step. */
const transposes = new WeakMap<SparseMatrix, SparseMatrix>()

/**
 * matrix · x for a constant sparse matrix: x [cols, D] → [rows, D].
 * Interpolation, ROI-align, selection of rows and means are all this op.
 */
export function sparseRows(x: Tensor, matrix: SparseMatrix): Tensor {
  if (x.shape.length !== 2 || x.shape[0] !== matrix.cols) {
    throw new Error(`a matrix of ${matrix.cols} columns cannot take rows of shape [${x.shape}]`)
  }
  return differentiable({
    inputs: [x],
    forward: () => ({
      value: runSingleOutputKernel('NecoSparseRows', { x }, { matrix }),
      save: [],
    }),
    backward: (dy) => [
      runSingleOutputKernel('NecoSparseRows', { x: dy }, { matrix: findCachedTranspose(matrix) }),
    ],
  })
}

function findCachedTranspose(matrix: SparseMatrix): SparseMatrix {
  const known = transposes.get(matrix)
  if (known) return known
  const transposed = transposeSparse(matrix)
  transposes.set(matrix, transposed)
  return transposed
}
