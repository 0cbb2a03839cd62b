import type { Tensor } from '@tensorflow/tfjs-core'
import { sliceTokens } from '../ops/tokens.ts'
import { type BackboneSettings, countPrefixTokens } from './backbone-settings.ts'

/** The patches of tokens [B, N, D], row-major, without class token and registers: [B, P, D]. */
export function takePatchTokens(tokens: Tensor, settings: BackboneSettings): Tensor {
  const prefixTokens = countPrefixTokens(settings)
  return sliceTokens(tokens, prefixTokens, (tokens.shape[1] ?? 0) - prefixTokens)
}
