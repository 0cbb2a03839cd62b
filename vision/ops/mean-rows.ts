import type { Tensor } from '@tensorflow/tfjs-core'
import { reshape } from './reshape.ts'
import type { SparseMatrix } from './sparse-matrix.ts'
import { sparseRows } from './sparse-rows.ts'

/** Mean over the tokens of each sample: x [B, N, D] → [B, D]. */
export function meanRows(x: Tensor): Tensor {
  const [batch = 1, tokens = 1, width = 1] = x.shape
  return sparseRows(reshape(x, [batch * tokens, width]), averages(batch, tokens))
}

function averages(batch: number, tokens: number): SparseMatrix {
  return {
    rows: batch,
    cols: batch * tokens,
    indptr: Int32Array.from({ length: batch + 1 }, (_, row) => row * tokens),
    indices: Int32Array.from({ length: batch * tokens }, (_, i) => i),
    values: new Float64Array(batch * tokens).fill(1 / tokens),
  }
}
