import { readTensorValues } from '../ops/tensor-values.ts'
import { attentionWeights } from './attention-weights.ts'
import { type BackboneSettings, countPrefixTokens } from './backbone-settings.ts'
import type { BackboneOutput } from './forward.ts'

/**
 * Mean over heads of the class token's attention to the patches in the last block, [B, patches]
 * row-major. Registers are left out, where the released program fails with them (docs/method.md
 * §1.6). `encoded` comes from a forward pass with keepInner.
 */
export function computeForegroundAttention(
  encoded: BackboneOutput,
  settings: BackboneSettings,
): Float64Array {
  const { lastQkv } = encoded
  if (lastQkv === undefined) throw new Error('run the forward pass with keepInner')
  const { dim: width, heads } = settings
  const [batch = 0, tokens = 0] = lastQkv.shape
  const weights = attentionWeights(
    { values: readTensorValues(lastQkv), batch, tokens, width, heads },
    1,
  )
  const prefixTokens = countPrefixTokens(settings)
  const patches = tokens - prefixTokens
  return Float64Array.from({ length: batch * patches }, (_, index) => {
    const image = Math.floor(index / patches)
    const at = image * heads * tokens + prefixTokens + (index % patches)
    let sum = 0
    for (let head = 0; head < heads; head++) sum += weights[at + head * tokens] ?? 0
    return sum / heads
  })
}
