import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { runKernel, runReshape, runSingleOutputKernel } from './run-kernel.ts'

export interface LinearOptions {
  readonly weight: Tensor // [O, I]
  readonly bias?: Tensor | undefined // [O]
  readonly activation?: 'Gelu' | undefined
}

/** x [..., I] → act(x · weightᵀ + bias) [..., O]; Gelu is exact (erf), as torch's default. */
export function linear(x: Tensor, { weight, bias, activation }: LinearOptions): Tensor {
  return differentiable({
    inputs: bias ? [x, weight, bias] : [x, weight],
    forward: () => {
      const [value, slopes] = runKernel('NecoLinear', bias ? { x, weight, bias } : { x, weight }, {
        activation: activation ?? 'None',
        keepSlopes: activation !== undefined,
      }) as [Tensor, Tensor | undefined]
      return { value, save: slopes ? [x, weight, slopes] : [x, weight] }
    },
    backward: (dy, [savedX, savedWeight, slopes]) => {
      const dz = slopes ? runSingleOutputKernel('NecoMultiply', { a: dy, b: slopes }, {}) : dy
      const gradients = matrixGradients(dz, savedX as Tensor, savedWeight as Tensor)
      if (!bias) return gradients
      return [
        ...gradients,
        runSingleOutputKernel('NecoColumnSum', { x: dz }, { shape: bias.shape }),
      ]
    },
  })
}

function matrixGradients(dz: Tensor, x: Tensor, weight: Tensor): Tensor[] {
  const [outputs = 1, inputs = 1] = weight.shape
  const flatDz = flattened(dz, outputs)
  const flatX = flattened(x, inputs)
  const dx = runSingleOutputKernel(
    'NecoMatMul',
    { a: flatDz, b: weight },
    { transposeA: false, transposeB: false },
  ) // [M, I]
  const dWeight = runSingleOutputKernel(
    'NecoMatMul',
    { a: flatDz, b: flatX },
    { transposeA: true, transposeB: false },
  ) // [O, I]
  return [runReshape(dx, x.shape), dWeight]
}

function flattened(x: Tensor, columns: number): Tensor {
  return runReshape(x, [x.size / columns, columns])
}
