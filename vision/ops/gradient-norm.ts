import type { Tensor } from '@tensorflow/tfjs-core'
import { runForOne } from './run-kernel.ts'
import { scalarOf } from './tensor-values.ts'

/** The L2 norm of all gradients taken together, for clipping and for the log. */
export function gradientNorm(gradients: Iterable<Tensor>): number {
  let sumOfSquares = 0
  for (const gradient of gradients) {
    const squares = runForOne('NecoDot', { a: gradient, b: gradient }, {})
    sumOfSquares += scalarOf(squares)
    squares.dispose()
  }
  return Math.sqrt(sumOfSquares)
}
