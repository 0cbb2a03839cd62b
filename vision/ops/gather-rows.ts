import type { Tensor } from '@tensorflow/tfjs-core'
import { selectionMatrix } from './sparse-matrix.ts'
import { sparseRows } from './sparse-rows.ts'

/** Rows by index: x [R, D] → [n, D]. The gradient of a row that is taken twice is a sum. */
export function gatherRows(x: Tensor, indices: Int32Array): Tensor {
  const rows = x.shape[0] ?? 0
  for (const index of indices) {
    if (index < 0 || index >= rows) throw new Error(`row ${index} is not among ${rows} rows`)
  }
  return sparseRows(x, selectionMatrix(indices, rows))
}

/** The rows begin … begin + count of each block of a length. */
export function blockIndices(block: {
  readonly blocks: number
  readonly length: number
  readonly begin: number
  readonly count: number
}): Int32Array {
  const { blocks, length, begin, count } = block
  const indices = new Int32Array(blocks * count)
  for (let i = 0; i < indices.length; i++) {
    indices[i] = Math.floor(i / count) * length + begin + (i % count)
  }
  return indices
}
