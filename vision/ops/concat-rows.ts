import type { Tensor } from '@tensorflow/tfjs-core'
import { differentiable } from './differentiable.ts'
import { blockIndices, gatherRows } from './gather-rows.ts'
import { runReshape, runSingleOutputKernel } from './run-kernel.ts'

/** Joins along axis 0: parts [r_i, ...] → [Σ r_i, ...]. */
export function concatRows(parts: readonly Tensor[]): Tensor {
  return concatAlong(parts, 0)
}

/** Joins along an axis; all other extents must agree. */
export function concatAlong(parts: readonly Tensor[], axis: 0 | 1): Tensor {
  const [first] = parts
  if (!first) throw new Error('nothing to join: the list of tensors is empty')
  const outer = axis === 0 ? 1 : (first.shape[0] as number)
  const lengths = parts.map((part) => part.shape[axis] as number)
  const length = lengths.reduce((sum, each) => sum + each, 0)
  const inner = first.size / outer / (first.shape[axis] as number)
  const shape = first.shape.map((extent, i) => (i === axis ? length : extent))
  return differentiable({
    inputs: parts,
    forward: () => {
      const inputs = Object.fromEntries(parts.entries()) // keys 0, 1, … keep their order
      return { value: runSingleOutputKernel('NecoConcat', inputs, { outer, shape }), save: [] }
    },
    backward: (dy) => {
      const rows = runReshape(dy, [outer * length, inner])
      return parts.map((part, i) => {
        const begin = lengths.slice(0, i).reduce((sum, each) => sum + each, 0)
        const count = lengths[i] as number
        const indices = blockIndices({ blocks: outer, length, begin, count })
        return runReshape(gatherRows(rows, indices), part.shape)
      })
    },
  })
}
