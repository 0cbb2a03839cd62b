import type { Tensor } from '@tensorflow/tfjs-core'
import { concatAlong } from './concat-rows.ts'
import { blockIndices, gatherRows } from './gather-rows.ts'
import { reshape } from './reshape.ts'

/** Joins along axis 1: parts [B, n_i, D] → [B, Σ n_i, D]. */
export function concatTokens(parts: readonly Tensor[]): Tensor {
  return concatAlong(parts, 1)
}

/** The same tokens for every sample: x [1, T, D] or [T, D] → [batch, T, D]. */
export function expandBatch(x: Tensor, batch: number): Tensor {
  const [tokens = 1, width = 1] = x.shape.slice(-2)
  const rows = reshape(x, [tokens, width])
  const indices = Int32Array.from({ length: batch * tokens }, (_, i) => i % tokens)
  return reshape(gatherRows(rows, indices), [batch, tokens, width])
}

/** Tokens begin … begin + count: x [B, N, D] → [B, count, D]. */
export function sliceTokens(x: Tensor, begin: number, count: number): Tensor {
  const [batch = 1, tokens = 1, width = 1] = x.shape
  const indices = blockIndices({ blocks: batch, length: tokens, begin, count })
  const rows = gatherRows(reshape(x, [batch * tokens, width]), indices) // [B·count, D]
  return reshape(rows, [batch, count, width])
}
