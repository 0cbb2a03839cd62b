import type { Tensor } from '@tensorflow/tfjs-core'
import { gatherRows } from './gather-rows.ts'
import { reshape } from './reshape.ts'

/** The same tokens for every sample: x [1, T, D] or [T, D] → [batch, T, D]. */
export function expandBatch(x: Tensor, batch: number): Tensor {
  const [tokens = 1, width = 1] = x.shape.slice(-2)
  const rows = reshape(x, [tokens, width])
  const indices = Int32Array.from({ length: batch * tokens }, (_, i) => i % tokens)
  return reshape(gatherRows(rows, indices), [batch, tokens, width])
}
