import { describe, expect, test } from 'vitest'
import { loadSoftSort, loadSoftSortWithoutLoss } from '../../../test/fixtures/soft-sort-module.ts'
import { diffsortCases, diffsortFiles } from '../../../test/golden/diffsort-cases.ts'
import { float32Tolerance } from '../../../test/golden/float32-tolerances.ts'
import { relativeError } from '../../../test/golden/relative-error.ts'
import {
  officialLossCases,
  paperLossCases,
  type SortLossCase,
} from '../../../test/golden/sort-loss-cases.ts'

const quantities = ['sorted', 'permutation', 'permutationGradient', 'sortedGradient'] as const

describe.each(['simd', 'relaxed'] as const)('the %s kernel', (variant) => {
  const sortAlone = loadSoftSortWithoutLoss(variant)
  const prepare = loadSoftSort(variant)

  test.each(diffsortFiles)('%s: every case is diffsort’s as far as float32 goes', (file) => {
    const faults = diffsortCases(file).flatMap((golden) => {
      const found = sortAlone(golden)
      return quantities.flatMap((quantity) => {
        const error = relativeError(found[quantity], golden[quantity])
        const limit = float32Tolerance(file, golden.group, quantity)
        return error <= limit ? [] : [{ case: golden.name, quantity, error, limit }]
      })
    })
    expect(faults).toEqual([])
  })

  test.each(paperLossCases())(
    'paper loss: $name agrees with the reference implementation within float32',
    (golden) => {
      expect(lossFaults('neco_loss_paper', golden)).toEqual([])
    },
  )

  test.each(officialLossCases())(
    'official loss: $name agrees with the reference implementation within float32',
    (golden) => {
      expect(lossFaults('neco_loss_official_functions', golden)).toEqual([])
    },
  )

  function lossFaults(file: string, golden: SortLossCase) {
    return golden.losses.flatMap(({ name, options, backward: pull, expected }) => {
      const sort = prepare(golden.student, golden.teacher, options)
      sort.run(0, golden.student.length / options.references)
      const found = pull(sort.read())
      const limit = (tensor: Float64Array) =>
        float32Tolerance(file, golden.group, tensor.length === 1 ? 'loss' : 'gradient')
      return expected
        .map((tensor, i) => ({ name, i, fault: findQuantityFault(found[i] ?? [], tensor, limit) }))
        .filter(({ fault }) => fault !== undefined)
    })
  }
})

/** float32 saturates at smaller differences, so more places than the file's may not be finite. */
function findQuantityFault(
  found: ArrayLike<number>,
  expected: Float64Array,
  computeLimit: (expected: Float64Array) => number,
) {
  if (!expected.every(Number.isFinite)) {
    return Array.from(found).every(Number.isFinite) ? 'must not be finite' : undefined
  }
  const error = relativeError(found, expected)
  const limit = computeLimit(expected)
  return error <= limit ? undefined : { error, limit }
}
