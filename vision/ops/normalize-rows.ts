import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runKernel, runSingleOutputKernel } from './run-kernel.ts'

/** x / max(‖x‖₂, eps) over the last axis: x [..., D], as torch's F.normalize. */
export function normalizeRows(x: Tensor, eps = 1e-12): Tensor {
  return differentiable({
    inputs: [x],
    forward: () => {
      const [value, norms] = runKernel('NecoNormalizeRows', { x }, { eps }) as [Tensor, Tensor]
      return { value, save: [value, norms] }
    },
    backward: (dy, saved) => {
      const [y, norms] = saved as [Tensor, Tensor]
      return [runSingleOutputKernel('NecoNormalizeRowsGradient', { dy, y, norms }, { eps })]
    },
  })
}
