import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Relaxation, SortingNetwork } from '../../../method/settings/loss.ts'
import { loadSoftSort } from '../../../test/fixtures/soft-sort-module.ts'
import { largestDifference, largestMagnitude } from '../../../test/golden/relative-error.ts'
import { softSortCrossEntropy } from '../../sorting/soft-sort-cross-entropy.ts'
import type { SoftSortOptions } from '../../sorting/soft-sort-options.ts'
import { softSortLayout, softSortScratch } from './soft-sort-layout.ts'

const prepare = loadSoftSort()
const MIB = 2 ** 20

function someOptions(overrides: Partial<SoftSortOptions> = {}): SoftSortOptions {
  return {
    references: 9,
    network: 'Bitonic',
    relaxation: 'Cauchy',
    lambda: 0.25,
    studentSteepness: 3,
    teacherSteepness: 4,
    direction: 'One',
    reduction: 'Mean',
    renormalizeKept: false,
    epsilon: 0,
    keptRanks: 0,
    nearest: 'Last',
    ...overrides,
  }
}

/** Similarities in [−0.5, 0.5], the same for a seed; exact in float32. */
function similarities(count: number, seed: number): Float32Array {
  let state = seed
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    return state / 2 ** 32
  })
}

function bothPrograms(rows: number, options: SoftSortOptions, seed = 1) {
  const student = similarities(rows * options.references, seed)
  const teacher = similarities(rows * options.references, seed + 1)
  const sort = prepare(student, teacher, options)
  sort.run(0, rows)
  return { compiled: sort.read(), reference: softSortCrossEntropy(student, teacher, options) }
}

/**
 * The golden files judge precision; here float32 must be near enough that nothing else can be
 * wrong. Near a tie, LogisticPhi multiplies a rounding by its slope of some 1/√|Δ|.
 */
const TOLERANCE = 1e-3
/** A row's own sum, or its steepest slope, can cancel to nearly nothing: errors stay in scale. */
const FLOOR = 0.1

function faults(
  { compiled, reference }: ReturnType<typeof bothPrograms>,
  options: SoftSortOptions,
  tolerance = TOLERANCE,
) {
  const floor = FLOOR * (options.reduction === 'Sum' ? 1 : 1 / options.references)
  const pairs = [
    ['loss', [compiled.loss], [reference.loss]],
    ['student', compiled.studentGradient, reference.studentGradient],
  ] as const
  return pairs
    .map(([name, ours, theirs]) => ({
      name,
      error: largestDifference(ours, theirs) / (largestMagnitude(theirs) + floor),
    }))
    .filter(({ error }) => !(error <= tolerance))
}

test('any options give the loss and the gradients of the reference', () => {
  const options = fc.record({
    references: fc.integer({ min: 2, max: 40 }),
    network: fc.constantFrom(...SortingNetwork.options),
    relaxation: fc.constantFrom(...Relaxation.options),
    lambda: fc.constantFrom(0, 0.1, 0.25),
    direction: fc.constantFrom('One' as const, 'Both' as const),
    reduction: fc.constantFrom('Mean' as const, 'Sum' as const),
    renormalizeKept: fc.boolean(),
    epsilon: fc.constantFrom(1e-3, 1e-2),
    keptRanks: fc.integer({ min: 0, max: 40 }),
    nearest: fc.constantFrom('First' as const, 'Last' as const),
  })
  fc.assert(
    fc.property(options, fc.integer({ min: 1, max: 9 }), fc.nat(), (some, rows, seed) => {
      const rowMask = Array.from({ length: rows }, (_, row) => ((seed >> row) & 3 ? 1 : 0))
      const all = someOptions({ ...some, ...(seed % 2 && { rowMask }) })
      expect(faults(bothPrograms(rows, all, seed), all)).toEqual([])
    }),
    { numRuns: 150, seed: 49 },
  )
})

test.each([2, 3, 33, 64, 65, 90, 128, 200, 257, 512])(
  '%i references work in both networks',
  (references) => {
    for (const network of SortingNetwork.options) {
      if (network === 'OddEven' && references > 200) continue
      const options = someOptions({ references, network, epsilon: 1e-6 })
      expect(faults(bothPrograms(1, options), options, 1e-4)).toEqual([])
    }
  },
)

test('rows may be split in any way without changing a bit', () => {
  const options = someOptions({ references: 49, studentSteepness: 100, direction: 'Both' })
  const student = similarities(11 * 49, 3)
  const teacher = similarities(11 * 49, 4)
  const whole = prepare(student, teacher, options)
  whole.run(0, 11)
  for (const cut of [1, 2, 5, 10]) {
    const split = prepare(student, teacher, options)
    split.run(cut, 11)
    split.run(0, cut)
    expect(split.read()).toEqual(whole.read())
  }
})

test('an empty mask gives a loss of 0 and no gradient, even where values are not finite', () => {
  const student = similarities(18, 1).fill(Number.NaN)
  const sort = prepare(student, student, someOptions({ rowMask: [0, 0] }))
  sort.run(0, 2)
  expect(sort.read()).toEqual({
    loss: 0,
    studentGradient: new Float32Array(18),
  })
})

describe('saturated weights', () => {
  const student = [0.9, -0.9, 0.1, 0.5]
  const options = someOptions({
    references: 4,
    relaxation: 'LogisticPhi',
    studentSteepness: 1000,
    teacherSteepness: 1000,
  })
  const lossWith = (epsilon: number) => {
    const sort = prepare(student, student.toReversed(), { ...options, epsilon })
    sort.run(0, 1)
    return sort.read()
  }

  test('without an epsilon the loss is not finite, as in the reference implementation', () => {
    expect(lossWith(0).loss).toBeNaN()
  })

  test.each([1e-12, 1e-8, 1e-3])(
    'with an epsilon of %d loss and gradient are finite',
    (epsilon) => {
      const { loss, studentGradient } = lossWith(epsilon)
      expect([loss, ...studentGradient].every(Number.isFinite)).toBe(true)
      expect(loss).toBeGreaterThan(0)
    },
  )
})

test.each(SortingNetwork.options)('scratch of %s stays within its bound at every R', (network) => {
  const over = Array.from({ length: 511 }, (_, i) => i + 2)
    .filter((r) => r <= 72 || r % 37 === 0 || r >= 510)
    .map((references) => {
      const { scratchBytes } = softSortScratch(softSortLayout(network, references))
      const bound = references <= 64 ? MIB : 32 * references ** 2 * 4 + MIB
      return { references, scratchBytes, bound }
    })
    .filter(({ scratchBytes, bound }) => scratchBytes > bound)
  expect(over).toEqual([])
})
