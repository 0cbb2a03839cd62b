import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runKernel, runSingleOutputKernel } from './run-kernel.ts'

export interface AttentionOptions {
  readonly heads: number
  /**
   * Angles by token, for q and k: x·cos + rot(x)·sin with rot([a, b]) = [−b, a] on the halves
   * of a head. A token that is not rotated has cos 1 and sin 0. Constants: no gradient.
   */
  readonly rotary?: { readonly cos: Tensor; readonly sin: Tensor } | undefined // [N, D/heads]
}

/**
 * softmax(q·kᵀ/√d)·v by heads: qkv [B, N, 3D] → [B, N, D]. Keeps the output and
 * the log-sum-exp only; the weights are computed again for the gradient.
 */
export function attention(qkv: Tensor, { heads, rotary }: AttentionOptions): Tensor {
  const angles = rotary ? { cos: rotary.cos, sin: rotary.sin } : {}
  return differentiable({
    inputs: [qkv],
    forward: () => {
      const outputs = runKernel('NecoAttention', { qkv, ...angles }, { heads })
      const [value, logSumExp] = outputs as [Tensor, Tensor]
      return { value, save: [qkv, value, logSumExp, ...Object.values(angles)] }
    },
    backward: (dy, saved) => {
      const [savedQkv, output, logSumExp, cos, sin] = saved as [Tensor, Tensor, Tensor, ...Tensor[]]
      const savedAngles = cos && sin ? { cos, sin } : {}
      const inputs = { dy, qkv: savedQkv, output, logSumExp, ...savedAngles }
      return [runSingleOutputKernel('NecoAttentionGradient', inputs, { heads })]
    },
  })
}
