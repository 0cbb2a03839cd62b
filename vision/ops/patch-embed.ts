import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { linear } from './linear.ts'
import { reshape } from './reshape.ts'
import { runSingleOutputKernel } from './run-kernel.ts'

export interface PatchEmbedOptions {
  readonly weight: Tensor // [D, C, p, p]
  readonly bias?: Tensor | undefined // [D]
}

/**
 * A convolution whose stride is its kernel: images [B, C, H, W] →
 * [B, ⌊H/p⌋·⌊W/p⌋, D], row-major. Pixels beyond the last whole patch are not used.
 */
export function patchEmbed(images: Tensor, { weight, bias }: PatchEmbedOptions): Tensor {
  const [batch = 1, channels = 1, height = 1, width = 1] = images.shape
  const [dim = 1, , , patch = 1] = weight.shape
  const count = Math.floor(height / patch) * Math.floor(width / patch)
  const kernel = reshape(weight, [dim, channels * patch * patch]) // [D, C·p·p]
  const embedded = linear(unfoldPatches(images, patch), { weight: kernel, bias }) // [B·P, D]
  return reshape(embedded, [batch, count, dim])
}

function unfoldPatches(images: Tensor, patch: number): Tensor {
  const { shape } = images
  return differentiable({
    inputs: [images],
    forward: () => ({
      value: runSingleOutputKernel('NecoUnfoldPatches', { images }, { patch }),
      save: [],
    }),
    backward: (dy) => [runSingleOutputKernel('NecoFoldPatches', { patches: dy }, { patch, shape })],
  })
}
