import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runIdentity, runKernel, runSingleOutputKernel } from './run-kernel.ts'
import { toTensor } from './tensor-values.ts'

export interface ResidualScaleOptions {
  /** LayerScale. */
  readonly gamma?: Tensor | undefined // [D]
  /** Stochastic depth: one factor for each index of the leading axis. */
  readonly sampleScale?: readonly number[] | undefined // [B]
}

/** x + branch · gamma · sampleScale, for x and branch [B, ..., D]. */
export function residualScale(
  x: Tensor,
  branch: Tensor,
  { gamma, sampleScale }: ResidualScaleOptions,
): Tensor {
  return differentiable({
    inputs: gamma ? [x, branch, gamma] : [x, branch],
    forward: () => {
      const scales = {
        ...(gamma && { gamma }),
        ...(sampleScale && { sampleScale: toTensor(sampleScale, [sampleScale.length]) }),
      }
      const value = runSingleOutputKernel('NecoResidualScale', { x, branch, ...scales }, {})
      return { value, save: [branch, ...Object.values(scales)] }
    },
    backward: (dy, [savedBranch, ...scales]) => {
      const inputs = {
        dy,
        branch: savedBranch as Tensor,
        ...(gamma && { gamma: scales.at(0) as Tensor }),
        ...(sampleScale && { sampleScale: scales.at(-1) as Tensor }),
      }
      return [runIdentity(dy), ...runKernel('NecoResidualScaleGradient', inputs, {})]
    },
  })
}
