import { softSortCrossEntropy } from '../../vision/ops/soft-sort-cross-entropy.ts'
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
  teacherGradient: true,
}

export const sortCases = [2, 7, 16, 33].flatMap((r): ParityCase[] => [
  {
    name: `softSortCrossEntropy over ${r} references, bitonic`,
    shapes: [
      [9, r],
      [9, r],
    ],
    run: (student, teacher) => softSortCrossEntropy(student, teacher, sortOptions),
    roundings: many,
  },
  {
    name: `softSortCrossEntropy over ${r} references, odd-even, both directions`,
    shapes: [
      [6, r],
      [6, r],
    ],
    run: (student, teacher) =>
      softSortCrossEntropy(student, teacher, {
        ...sortOptions,
        network: 'OddEven',
        direction: 'Both',
        epsilon: 1e-6,
        rowMask: [1, 1, 0, 1, 0, 1],
      }),
    roundings: many,
  },
])
