import type { Tensor } from '@tensorflow/tfjs-core'
import { softSortCrossEntropy as onArrays } from '../sorting/soft-sort-cross-entropy.ts'
import type { SoftSortOptions } from '../sorting/soft-sort-options.ts'
import { scale } from './arithmetic.ts'
import { differentiable } from './differentiable.ts'
import { scalarOf, tensorOf, valuesOf } from './tensor-values.ts'

/** The loss of softly sorted similarities [M, R] of student and teacher, as a scalar. The teacher gets a gradient only with teacherGradient. */
export function softSortCrossEntropy(
  student: Tensor,
  teacher: Tensor,
  options: SoftSortOptions,
): Tensor {
  return differentiable({
    inputs: options.teacherGradient ? [student, teacher] : [student],
    forward: () => {
      const result = onArrays(valuesOf(student), valuesOf(teacher), options)
      const gradients = [result.studentGradient, result.teacherGradient].flatMap((gradient) =>
        gradient ? [tensorOf(gradient, student.shape)] : [],
      )
      return { value: tensorOf([result.loss], []), save: gradients }
    },
    backward: (dy, gradients) => gradients.map((gradient) => scale(gradient, scalarOf(dy))),
  })
}
