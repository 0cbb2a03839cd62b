import { expect, test } from 'vitest'
import { largestDifference, largestMagnitude } from '../../test/golden/relative-error.ts'
import { officialLossCases, paperLossCases } from '../../test/golden/sort-loss-cases.ts'
import { softSort } from './soft-sort.ts'
import { softSortCrossEntropy } from './soft-sort-cross-entropy.ts'

const PAPER_TOLERANCE = 1e-11
const OFFICIAL_TOLERANCE = 1e-12

test.each(paperLossCases())('paper: $name is the peer’s', (golden) => {
  const found = golden.losses.map(({ options, pull }) =>
    pull(softSortCrossEntropy(golden.student, golden.teacher, options)),
  )
  const faults = golden.losses.flatMap(({ name, expected }, i) =>
    faultsOf({ name, found: found[i] ?? [], expected, tolerance: PAPER_TOLERANCE }),
  )
  expect(golden.losses.length).toBe(5)
  expect([...faults, ...permutationFaults(golden, PAPER_TOLERANCE)]).toEqual([])
})

test.each(officialLossCases())('official: $name is the peer’s', (golden) => {
  const faults = golden.losses.flatMap(({ name, options, pull, expected }) =>
    faultsOf({
      name,
      found: pull(softSortCrossEntropy(golden.student, golden.teacher, options)),
      expected,
      tolerance: OFFICIAL_TOLERANCE,
    }),
  )
  expect([...faults, ...permutationFaults(golden, OFFICIAL_TOLERANCE)]).toEqual([])
})

interface Compared {
  readonly name: string
  readonly found: readonly Float64Array[]
  readonly expected: readonly Float64Array[]
  readonly tolerance: number
}

function faultsOf({ name, found, expected, tolerance }: Compared) {
  return expected
    .map((tensor, i) => ({
      name: `${name} ${i}`,
      error: largestDifference(found[i] ?? [], tensor),
      limit: tolerance * largestMagnitude(tensor),
    }))
    .filter(({ error, limit }) => !(error <= limit))
}

function permutationFaults(golden: ReturnType<typeof paperLossCases>[number], tolerance: number) {
  const { permutations, references } = golden
  return permutations.flatMap(({ name, similarities, settings, expected }) => {
    const rows = similarities.length / references
    const found = Float64Array.from(
      Array.from({ length: rows }, (_, row) => [
        ...softSort(similarities.subarray(row * references, (row + 1) * references), settings)
          .permutation,
      ]).flat(),
    )
    return faultsOf({ name, found: [found], expected: [expected], tolerance })
  })
}
