import { describe, expect, test } from 'vitest'
import {
  type DiffsortCase,
  diffsortCases,
  diffsortFiles,
} from '../../../test/golden/diffsort-cases.ts'
import { float32Tolerances } from '../../../test/golden/float32-tolerances.ts'
import {
  largestDifference,
  largestMagnitude,
  relativeError,
} from '../../../test/golden/relative-error.ts'
import { officialLossCases, paperLossCases } from '../../../test/golden/sort-loss-cases.ts'
import { loadSoftSort, loadSoftSortAlone } from '../../../test/soft-sort-module.ts'

describe.each(['simd', 'relaxed'] as const)('the %s kernel', (variant) => {
  const sortAlone = loadSoftSortAlone(variant)
  const prepare = loadSoftSort(variant)

  test.each(diffsortFiles)('%s: every case is diffsort’s within the float32 table', (file) => {
    const tolerances = float32Tolerances[file]
    const worst = { sorted: 0, permutation: 0, permutationGradient: 0, sortedGradient: 0 }
    const faults = diffsortCases(file).flatMap((golden) => {
      const errors = errorsOf(golden, sortAlone(golden))
      for (const name of names) worst[name] = Math.max(worst[name], errors[name])
      return names
        .filter((name) => !(errors[name] <= limitOf(golden, name, tolerances[name])))
        .map((name) => ({ case: golden.name, name, error: errors[name] }))
    })
    expect(faults).toEqual([])
  })

  test.each([...paperLossCases(), ...officialLossCases()])('loss: $name', (golden) => {
    const isOfficial = golden.name.startsWith('R=')
    const tolerances =
      float32Tolerances[isOfficial ? 'neco_loss_official_functions' : 'neco_loss_paper']
    const faults = golden.losses.flatMap(({ name, options, pull, expected }) => {
      const sort = prepare(golden.student, golden.teacher, options)
      sort.run(0, golden.student.length / options.references)
      const found = pull(sort.read())
      return expected.flatMap((tensor, i) => {
        const tolerance = tensor.length === 1 ? tolerances.loss : tolerances.gradient
        const error = errorWhereFinite(found[i] as Float64Array, tensor)
        return error <= tolerance ? [] : [{ name: `${name} ${i}`, error, tolerance }]
      })
    })
    expect(faults).toEqual([])
  })
})

const names = ['sorted', 'permutation', 'permutationGradient', 'sortedGradient'] as const
type Name = (typeof names)[number]

function errorsOf(golden: DiffsortCase, found: Record<Name, Float32Array>): Record<Name, number> {
  return {
    sorted: relativeError(found.sorted, golden.sorted),
    permutation: relativeError(found.permutation, golden.permutation),
    permutationGradient: relativeError(found.permutationGradient, golden.permutationGradient),
    sortedGradient: relativeError(found.sortedGradient, golden.sortedGradient),
  }
}

function limitOf(_golden: DiffsortCase, _name: Name, tolerance: number): number {
  return tolerance
}

/** A file's NaN or Infinity must not be finite here; float32 may saturate where float64 does not. */
function errorWhereFinite(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return largestDifference(found, expected) / Math.max(largestMagnitude(expected), 1e-300)
}
