import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runReshape } from './run-kernel.ts'

/** x under another shape of the same size. */
export function reshape(x: Tensor, shape: readonly number[]): Tensor {
  const from = x.shape
  return differentiable({
    inputs: [x],
    forward: () => ({ value: runReshape(x, shape), save: [] }),
    backward: (dy) => [runReshape(dy, from)],
  })
}
