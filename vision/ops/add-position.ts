import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runIdentity, runSingleOutputKernel } from './run-kernel.ts'

/** Adds one position to every sample: x [B, N, D] + position [N, D]. */
export function addPosition(x: Tensor, position: Tensor): Tensor {
  const { shape } = position
  if (x.shape.slice(-2).join() !== shape.slice(-2).join()) {
    throw new Error(`positions of shape [${shape}] do not fit tokens of shape [${x.shape}]`)
  }
  return differentiable({
    inputs: [x, position],
    forward: () => ({
      value: runSingleOutputKernel('NecoAddRow', { x, row: position }, {}),
      save: [],
    }),
    backward: (dy) => [
      runIdentity(dy),
      runSingleOutputKernel('NecoColumnSum', { x: dy }, { shape }),
    ],
  })
}
