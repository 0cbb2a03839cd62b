import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { alias, runForOne } from './run-kernel.ts'
import { scalarOf } from './tensor-values.ts'

/** a + b, of one shape. */
export function add(a: Tensor, b: Tensor): Tensor {
  requireOneShape(a, b)
  return differentiable({
    inputs: [a, b],
    forward: () => ({ value: runForOne('Add', { a, b }, {}), save: [] }),
    backward: (dy) => [alias(dy), alias(dy)],
  })
}

/** a · b element by element, of one shape. */
export function multiply(a: Tensor, b: Tensor): Tensor {
  requireOneShape(a, b)
  return differentiable({
    inputs: [a, b],
    forward: () => ({ value: runForOne('NecoMultiply', { a, b }, {}), save: [a, b] }),
    backward: (dy, saved) => {
      const [savedA, savedB] = saved as [Tensor, Tensor]
      return [
        runForOne('NecoMultiply', { a: dy, b: savedB }, {}),
        runForOne('NecoMultiply', { a: dy, b: savedA }, {}),
      ]
    },
  })
}

/** factor · x + offset. */
export function affine(x: Tensor, { factor, offset }: { factor: number; offset: number }): Tensor {
  return differentiable({
    inputs: [x],
    forward: () => ({ value: runForOne('NecoAffine', { x }, { factor, offset }), save: [] }),
    backward: (dy) => [runForOne('NecoAffine', { x: dy }, { factor, offset: 0 })],
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
    forward: () => ({ value: runForOne('NecoDot', { a, b }, {}), save: [a, b] }),
    backward: (dy, saved) => {
      const [savedA, savedB] = saved as [Tensor, Tensor]
      const by = { factor: scalarOf(dy), offset: 0 }
      return [
        runForOne('NecoAffine', { x: savedB }, by),
        runForOne('NecoAffine', { x: savedA }, by),
      ]
    },
  })
}

/** Σ x over all elements, as a scalar. */
export function sum(x: Tensor): Tensor {
  const { shape } = x
  return differentiable({
    inputs: [x],
    forward: () => ({ value: runForOne('NecoColumnSum', { x }, { shape: [] }), save: [] }),
    backward: (dy) => [runForOne('NecoFill', {}, { shape, value: scalarOf(dy) })],
  })
}

function requireOneShape(a: Tensor, b: Tensor): void {
  if (a.shape.join() === b.shape.join()) return
  throw new Error(`tensors of shapes [${a.shape}] and [${b.shape}] do not go together`)
}
