import type { Tensor } from '@tensorflow/tfjs-core'
import { blockIndices, gatherRows } from './gather-rows.ts'
import { reshape } from './reshape.ts'

/** Tokens begin … begin + count: x [B, N, D] → [B, count, D]. */
export function sliceTokens(x: Tensor, begin: number, count: number): Tensor {
  const [batch = 1, tokens = 1, width = 1] = x.shape
  const indices = blockIndices({ blocks: batch, length: tokens, begin, count })
  const rows = gatherRows(reshape(x, [batch * tokens, width]), indices) // [B·count, D]
  return reshape(rows, [batch, count, width])
}
