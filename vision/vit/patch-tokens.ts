import type { Tensor } from '@tensorflow/tfjs-core'
import { sliceTokens } from '../ops/slice-tokens.ts'
import { type BackboneSettings, leadingTokens } from './backbone-settings.ts'

/** The patches of tokens [B, N, D], row-major, without class token and registers: [B, P, D]. */
export function patchTokens(tokens: Tensor, settings: BackboneSettings): Tensor {
  const leading = leadingTokens(settings)
  return sliceTokens(tokens, leading, (tokens.shape[1] ?? 0) - leading)
}
