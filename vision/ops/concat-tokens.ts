import type { Tensor } from '@tensorflow/tfjs-core'
import { concatAlong } from './concat-rows.ts'

/** Joins along axis 1: parts [B, n_i, D] → [B, Σ n_i, D]. */
export function concatTokens(parts: readonly Tensor[]): Tensor {
  return concatAlong(parts, 1)
}
