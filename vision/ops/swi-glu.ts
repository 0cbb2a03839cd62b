import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runKernel, runSingleOutputKernel } from './run-kernel.ts'

/** silu(gate) · value, element by element; both of one shape. */
export function swiGlu(gate: Tensor, value: Tensor): Tensor {
  return differentiable({
    inputs: [gate, value],
    forward: () => ({
      value: runSingleOutputKernel('NecoSwiGlu', { gate, value }, {}),
      save: [gate, value],
    }),
    backward: (dy, saved) => {
      const [savedGate, savedValue] = saved as [Tensor, Tensor]
      return runKernel('NecoSwiGluGradient', { dy, gate: savedGate, value: savedValue }, {})
    },
  })
}
