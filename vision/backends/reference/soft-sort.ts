import { softSortCrossEntropy } from '../../sorting/soft-sort-cross-entropy.ts'
import type { KernelCall } from '../../ops/kernel-signatures.ts'
import type { ReferenceArray } from './reference-array.ts'

export function softSortKernel({
  inputs: { student, teacher },
  attributes: { options },
}: KernelCall<'NecoSoftSortCrossEntropy', ReferenceArray>): ReferenceArray[] {
  const result = softSortCrossEntropy(student.values, teacher.values, options)
  const loss = { shape: [], values: Float64Array.of(result.loss) }
  const gradients = [result.studentGradient, result.teacherGradient].filter((g) => g !== undefined)
  return [loss, ...gradients.map((values) => ({ shape: student.shape, values }))]
}
