import { expect, test } from 'vitest'
import {
  type DiffsortCase,
  diffsortCases,
  diffsortFiles,
} from '../../test/golden/diffsort-cases.ts'
import { largestDifference, largestMagnitude } from '../../test/golden/relative-error.ts'
import { softSort } from './soft-sort.ts'

/** Relative to the largest value of the tensor, as the files state. */
const TOLERANCE = 1e-12
/**
 * ∂α is a sum of terms of size 1 that may cancel, so both programs know it to some 2⁻⁵² only,
 * and it is multiplied by slopes of the size of β.
 */
const ROUNDING = 2 ** -52

test.each(diffsortFiles)(
  '%s: values, matrices and gradients of every case are diffsort’s',
  (file) => {
    const cases = diffsortCases(file)
    expect(cases.length).toBeGreaterThan(3)
    expect(cases.flatMap(findSortFaults)).toEqual([])
  },
)

function findSortFaults(golden: DiffsortCase) {
  const ours = softSortRows(golden)
  const floor = golden.steepness * ROUNDING
  const relative = TOLERANCE
  const compared = [
    { of: 'sorted', ours: ours.sorted, golden: golden.sorted, relative: TOLERANCE, floor: 0 },
    {
      of: 'perm',
      ours: ours.permutation,
      golden: golden.permutation,
      relative: TOLERANCE,
      floor: 0,
    },
    {
      of: 'grad_perm',
      ours: ours.ofPermutation,
      golden: golden.permutationGradient,
      relative,
      floor,
    },
    { of: 'grad_sorted', ours: ours.ofSorted, golden: golden.sortedGradient, relative, floor },
  ]
  return compared
    .map((tensor) => ({
      case: golden.name,
      of: tensor.of,
      error: largestDifference(tensor.ours, tensor.golden),
      limit: tensor.relative * largestMagnitude(tensor.golden) + tensor.floor,
    }))
    .filter(({ error, limit }) => !(error <= limit))
}

function softSortRows(golden: DiffsortCase) {
  const { n } = golden
  const rows = Array.from({ length: golden.x.length / n }, (_, row) => {
    const vector = (of: Float64Array) => of.subarray(row * n, (row + 1) * n)
    const permutation = golden.W.subarray(row * n * n, (row + 1) * n * n)
    const sort = softSort(vector(golden.x), golden)
    return {
      sort,
      ofPermutation: sort.backward({ permutation }),
      ofSorted: sort.backward({ sorted: vector(golden.v) }),
    }
  })
  return {
    sorted: rows.flatMap(({ sort }) => [...sort.sorted]),
    permutation: rows.flatMap(({ sort }) => [...sort.permutation]),
    ofPermutation: rows.flatMap(({ ofPermutation }) => [...ofPermutation]),
    ofSorted: rows.flatMap(({ ofSorted }) => [...ofSorted]),
  }
}
