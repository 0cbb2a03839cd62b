import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runKernel } from './run-kernel.ts'

export interface LayerNormOptions {
  readonly gamma: Tensor // [D]
  readonly beta: Tensor // [D]
  readonly eps: number
}

/** Normalizes the last axis of x [..., D] with the biased variance, as torch does. */
export function layerNorm(x: Tensor, { gamma, beta, eps }: LayerNormOptions): Tensor {
  return differentiable({
    inputs: [x, gamma, beta],
    forward: () => {
      const outputs = runKernel('NecoLayerNorm', { x, gamma, beta }, { eps })
      const [value, mean, deviation] = outputs as [Tensor, Tensor, Tensor]
      return { value, save: [x, gamma, mean, deviation] }
    },
    backward: (dy, saved) => {
      const [savedX, savedGamma, mean, deviation] = saved as [Tensor, Tensor, Tensor, Tensor]
      const inputs = { dy, x: savedX, gamma: savedGamma, mean, deviation }
      return runKernel('NecoLayerNormGradient', inputs, {})
    },
  })
}
