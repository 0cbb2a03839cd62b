import { valuesOf } from '../ops/tensor-values.ts'
import { attentionWeights } from './attention-weights.ts'
import { type BackboneSettings, leadingTokens } from './backbone-settings.ts'
import type { Encoded } from './forward.ts'

/**
 * Mean over heads of the class token's attention to the patches in the last block, [B, patches]
 * row-major. Registers are left out, where the released program fails with them (neco-method §1.6).
 * `encoded` comes from a forward pass with keepInner.
 */
export function foregroundAttention(encoded: Encoded, settings: BackboneSettings): Float64Array {
  const { lastQkv } = encoded
  if (lastQkv === undefined) throw new Error('run the forward pass with keepInner')
  const { dim: width, heads } = settings
  const [batch = 0, tokens = 0] = lastQkv.shape
  const weights = attentionWeights({ values: valuesOf(lastQkv), batch, tokens, width, heads }, 1)
  const leading = leadingTokens(settings)
  const patches = tokens - leading
  return Float64Array.from({ length: batch * patches }, (_, index) => {
    const image = Math.floor(index / patches)
    const at = image * heads * tokens + leading + (index % patches)
    let sum = 0
    for (let head = 0; head < heads; head++) sum += weights[at + head * tokens] ?? 0
    return sum / heads
  })
}
