import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runIdentity, runSingleOutputKernel } from './run-kernel.ts'
import { readScalar } from './tensor-values.ts'

/** a + b, of one shape. */
export function add(a: Tensor, b: Tensor): Tensor {
  requireOneShape(a, b)
  return differentiable({
    inputs: [a, b],
    forward: () => ({ value: runSingleOutputKernel('Add', { a, b }, {}), save: [] }),
    backward: (dy) => [runIdentity(dy), runIdentity(dy)],
  })
}

/** a · b element by element, of one shape. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  requireOneShape(a, b)
  return differentiable({
    inputs: [a, b],
    forward: () => ({ value: runSingleOutputKernel('NecoMultiply', { a, b }, {}), save: [a, b] }),
    backward: (dy, saved) => {
      const [savedA, savedB] = saved as [Tensor, Tensor]
      return [
        runSingleOutputKernel('NecoMultiply', { a: dy, b: savedB }, {}),
        runSingleOutputKernel('NecoMultiply', { a: dy, b: savedA }, {}),
      ]
    },
  })
}

/** factor · x + offset. */
export function affine(x: Tensor, { factor, offset }: { factor: number; offset: number }): Tensor {
  return differentiable({
    inputs: [x],
    forward: () => ({
      value: runSingleOutputKernel('NecoAffine', { x }, { factor, offset }),
      save: [],
    }),
    backward: (dy) => [runSingleOutputKernel('NecoAffine', { x: dy }, { factor, offset: 0 })],
  })
}

/** factor · x. */
export function scale(x: Tensor, factor: number): Tensor {
  return affine(x, { factor, offset: 0 })
}

/** Σ a·b over all elements, as a scalar. */
export function dot(a: Tensor, b: Tensor): Tensor {
  requireOneShape(a, b)
  return differentiable({
    inputs: [a, b],
    forward: () => ({ value: runSingleOutputKernel('NecoDot', { a, b }, {}), save: [a, b] }),
    backward: (dy, saved) => {
      const [savedA, savedB] = saved as [Tensor, Tensor]
      const by = { factor: readScalar(dy), offset: 0 }
      return [
        runSingleOutputKernel('NecoAffine', { x: savedB }, by),
        runSingleOutputKernel('NecoAffine', { x: savedA }, by),
      ]
    },
  })
}

/** Σ x over all elements, as a scalar. */
export function sum(x: Tensor): Tensor {
  const { shape } = x
  return differentiable({
    inputs: [x],
    forward: () => ({
      value: runSingleOutputKernel('NecoColumnSum', { x }, { shape: [] }),
      save: [],
    }),
    backward: (dy) => [runSingleOutputKernel('NecoFill', {}, { shape, value: readScalar(dy) })],
  })
}

function requireOneShape(a: Tensor, b: Tensor): void {
  if (a.shape.join() === b.shape.join()) return
  throw new Error(`tensors of shapes [${a.shape}] and [${b.shape}] do not go together`)
}
