import type { KernelCall } from '../../ops/kernel-signatures.ts'
import { softSortCrossEntropy } from '../../sorting/soft-sort-cross-entropy.ts'
import type { ReferenceArray } from './reference-array.ts'

export function softSortKernel({
  inputs: { student, teacher },
  attributes: { options },
}: KernelCall<'NecoSoftSortCrossEntropy', ReferenceArray>): ReferenceArray[] {
  const result = softSortCrossEntropy(student.values, teacher.values, options)
  const loss = { shape: [], values: Float64Array.of(result.loss) }
  return [loss, { shape: student.shape, values: result.studentGradient }]
}
