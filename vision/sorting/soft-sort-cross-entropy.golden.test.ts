import { expect, test } from 'vitest'
import { largestDifference, largestMagnitude } from '../../test/golden/relative-error.ts'
import {
  officialLossCases,
  paperLossCases,
  type SortLossCase,
} from '../../test/golden/sort-loss-cases.ts'
import { softSort } from './soft-sort.ts'
import { softSortCrossEntropy } from './soft-sort-cross-entropy.ts'

const PAPER_TOLERANCE = 1e-11
const OFFICIAL_TOLERANCE = 1e-12

test.each(paperLossCases())('paper: $name agrees with the reference implementation', (golden) => {
  expect(golden.losses).toHaveLength(2)
  expect(allFaults(golden, PAPER_TOLERANCE)).toEqual([])
})

test.each(officialLossCases())('official: $name agrees with the released program', (golden) => {
  expect(allFaults(golden, OFFICIAL_TOLERANCE)).toEqual([])
})

function allFaults(golden: SortLossCase, tolerance: number) {
  const { student, teacher } = golden
  const lossErrors = golden.losses.flatMap(({ name, options, backward: pull, expected }) => {
    const found = pull(softSortCrossEntropy(student, teacher, options))
    return findTensorFaults({ name, found, expected, tolerance })
  })
  const similarityErrors = golden.similarities.flatMap(({ name, found, expected }) =>
    findTensorFaults({ name, found: [found], expected: [expected], tolerance }),
  )
  return [...lossErrors, ...similarityErrors, ...permutationFaults(golden, tolerance)]
}

interface Compared {
  readonly name: string
  readonly found: readonly Float64Array[]
  readonly expected: readonly Float64Array[]
  readonly tolerance: number
}

function findTensorFaults({ name, found, expected, tolerance }: Compared) {
  return expected
    .map((tensor, i) => ({
      name: `${name} ${i}`,
      error: largestDifference(found[i] ?? [], tensor),
      limit: tolerance * largestMagnitude(tensor),
    }))
    .filter(({ error, limit }) => !(error <= limit))
}

function permutationFaults(golden: SortLossCase, tolerance: number) {
  const { permutations, references } = golden
  return permutations.flatMap(({ name, similarities, settings, expected }) => {
    const rows = similarities.length / references
    const found = Float64Array.from(
      Array.from({ length: rows }, (_, row) => [
        ...softSort(similarities.subarray(row * references, (row + 1) * references), settings)
          .permutation,
      ]).flat(),
    )
    return findTensorFaults({ name, found: [found], expected: [expected], tolerance })
  })
}
