import type { Tensor } from '@tensorflow/tfjs-core'
import { affine } from './arithmetic.ts'
import { differentiable } from './differentiable.ts'
import { reshape } from './reshape.ts'
import { runKernel, runSingleOutputKernel } from './run-kernel.ts'

export type SimilarityKind = 'Cosine' | 'CosineDistance' | 'Euclidean'

/**
 * Every query against every reference of its group: queries [G, P, D],
 * references [G, R, D] → [G·P, R]. The cosine kinds take rows of length 1.
 */
export function similarity(queries: Tensor, references: Tensor, kind: SimilarityKind): Tensor {
  const [groups = 1, points = 1] = queries.shape
  const shape = [groups * points, references.shape[1] ?? 1]
  if (kind === 'Euclidean') return reshape(distance(queries, references), shape)
  const cosine = reshape(products(queries, references), shape) // [G·P, R]
  return kind === 'Cosine' ? cosine : affine(cosine, { factor: -1, offset: 1 })
}

function products(queries: Tensor, references: Tensor): Tensor {
  return differentiable({
    inputs: [queries, references],
    forward: () => ({
      value: runSingleOutputKernel(
        'NecoMatMul',
        { a: queries, b: references },
        { transposeA: false, transposeB: true },
      ), // [G, P, R]
      save: [queries, references],
    }),
    backward: (dy, saved) => {
      const [a, b] = saved as [Tensor, Tensor]
      return [
        runSingleOutputKernel('NecoMatMul', { a: dy, b }, { transposeA: false, transposeB: false }),
        runSingleOutputKernel(
          'NecoMatMul',
          { a: dy, b: a },
          { transposeA: true, transposeB: false },
        ),
      ]
    },
  })
}

function distance(queries: Tensor, references: Tensor): Tensor {
  return differentiable({
    inputs: [queries, references],
    forward: () => {
      const value = runSingleOutputKernel('NecoDistance', { queries, references }, {}) // [G, P, R]
      return { value, save: [value, queries, references] }
    },
    backward: (dy, saved) => {
      const [distances, a, b] = saved as [Tensor, Tensor, Tensor]
      return runKernel('NecoDistanceGradient', { dy, distances, queries: a, references: b }, {})
    },
  })
}
