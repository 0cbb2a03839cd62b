import type { Tensor } from '@tensorflow/tfjs-core'
import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
import { toTensor } from '../../vision/ops/tensor-values.ts'
import type { SoftSortOptions } from '../../vision/sorting/soft-sort-options.ts'
import { many, type ParityCase } from './parity-case.ts'

const sortOptions: Omit<SoftSortOptions, 'references'> = {
  network: 'Bitonic',
  relaxation: 'Cauchy',
  lambda: 0.25,
  studentSteepness: 5,
  teacherSteepness: 10,
  direction: 'One',
  reduction: 'Mean',
  renormalizeKept: false,
  epsilon: 0,
  keptRanks: 0,
  nearest: 'Last',
}

/** The teacher has no gradient, so it is not among the inputs of a case. */
function detachedTeacher(rows: number, references: number): Tensor {
  const values = Float32Array.from({ length: rows * references }, (_, i) => Math.sin(i * 12.9898))
  return toTensor(values, [rows, references]) // [M, R]
}

export const sortCases = [2, 7, 16, 33].flatMap((r): ParityCase[] => [
  {
    name: `softSortCrossEntropy over ${r} references, bitonic`,
    shapes: [[9, r]],
    run: (student) => softSortCrossEntropy(student, detachedTeacher(9, r), sortOptions),
    roundings: many,
  },
  {
    name: `softSortCrossEntropy over ${r} references, odd-even, both directions`,
    shapes: [[6, r]],
    run: (student) =>
      softSortCrossEntropy(student, detachedTeacher(6, r), {
        ...sortOptions,
        network: 'OddEven',
        direction: 'Both',
        epsilon: 1e-6,
        rowMask: [1, 1, 0, 1, 0, 1],
      }),
    roundings: many,
  },
])
