import type { Tensor } from '@tensorflow/tfjs-core'
import type { SoftSortOptions } from '../sorting/soft-sort-options.ts'
import { differentiable } from './differentiable.ts'
import { runKernel, runSingleOutputKernel } from './run-kernel.ts'
import { readScalar } from './tensor-values.ts'

/** R is read from the tensors. */
type SoftSortLossOptions = Omit<SoftSortOptions, 'references'> & { readonly references?: number }

/**
 * NeCo's loss on similarities: cross-entropy between the relaxed sorts of student
 * and teacher, both [M, R]; a scalar. The teacher is detached. See SoftSortOptions; with epsilon 0
 * it is NaN or infinite wherever a weight of the student has become 0.
 * @throws SortSizeError unless 2 ≤ R ≤ 512
 */
export function softSortCrossEntropy(
  student: Tensor,
  teacher: Tensor,
  options: SoftSortLossOptions,
): Tensor {
  const complete = { ...options, references: student.shape[1] ?? 0 }
  return differentiable({
    inputs: [student],
    forward: () => {
      const inputs = { student, teacher }
      const outputs = runKernel('NecoSoftSortCrossEntropy', inputs, { options: complete })
      const [value, ...gradients] = outputs as [Tensor, ...Tensor[]]
      return { value, save: gradients }
    },
    backward: (dy, gradients) => {
      const by = { factor: readScalar(dy), offset: 0 }
      return gradients.map((x) => runSingleOutputKernel('NecoAffine', { x }, by))
    },
  })
}
