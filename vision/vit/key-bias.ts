import type { Tensor } from '@tensorflow/tfjs-core'
import { reshape } from '../ops/reshape.ts'
import type { SparseMatrix } from '../ops/sparse-matrix.ts'
import { sparseRows } from '../ops/sparse-rows.ts'

const masks = new Map<number, SparseMatrix>()

/**
 * The bias [3D] of q, k and v with its k third set to 0, as DINOv3 has none. Its gradient there is
 * 0, so that training leaves it as it is.
 */
export function withoutKeyBias(bias: Tensor): Tensor {
  const rows = reshape(bias, [bias.size, 1])
  return reshape(sparseRows(rows, keyMask(bias.size)), [bias.size])
}

/** The identity without the rows of k. Kept, because its transpose is kept with it. */
function keyMask(size: number): SparseMatrix {
  const known = masks.get(size)
  if (known !== undefined) return known
  const third = size / 3
  const mask: SparseMatrix = {
    rows: size,
    cols: size,
    indptr: Int32Array.from({ length: size + 1 }, (_, row) =>
      row <= third ? row : Math.max(row - third, third),
    ),
    indices: Int32Array.from({ length: 2 * third }, (_, at) => (at < third ? at : at + third)),
    values: new Float64Array(2 * third).fill(1),
  }
  masks.set(size, mask)
  return mask
}
