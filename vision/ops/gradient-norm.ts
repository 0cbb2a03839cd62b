import type { Tensor } from '@tensorflow/tfjs-core'
import { runSingleOutputKernel } from './run-kernel.ts'
import { readScalar } from './tensor-values.ts'

/** The L2 norm of all gradients taken together, for clipping and for the log. */
export function gradientNorm(gradients: Iterable<Tensor>): number {
  let sumOfSquares = 0
  for (const gradient of gradients) {
    const squares = runSingleOutputKernel('NecoDot', { a: gradient, b: gradient }, {})
    sumOfSquares += readScalar(squares)
    squares.dispose()
  }
  return Math.sqrt(sumOfSquares)
}
