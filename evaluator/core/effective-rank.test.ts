import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covariance, effectiveRank } from './effective-rank.ts'
import { symmetricEigenvalues } from './symmetric-eigenvalues.ts'

const symmetric = fc.integer({ min: 1, max: 9 }).chain((n) =>
  fc
    .array(fc.integer({ min: -20, max: 20 }), { minLength: n * n, maxLength: n * n })
    .map((entries) => ({
      n,
      matrix: entries.map((value, place) => {
        const mirrored = entries[(place % n) * n + Math.floor(place / n)] ?? 0
        return (value + mirrored) / 4
      }),
    })),
)

/** Tr(Aᵖ), by repeated products: what the p-th powers of the eigenvalues add up to. */
function traceOfPower(matrix: readonly number[], n: number, power: number): number {
  const at = (m: readonly number[], row: number, column: number) => m[row * n + column] as number
  let product: readonly number[] = matrix
  for (let p = 1; p < power; p++) {
    const left = product
    product = matrix.map((_, place) => {
      const [row, column] = [Math.floor(place / n), place % n]
      return Array.from({ length: n }, (_x, k) => at(left, row, k) * at(matrix, k, column)).reduce(
        (sum, term) => sum + term,
        0,
      )
    })
  }
  return Array.from({ length: n }, (_, i) => at(product, i, i)).reduce((sum, x) => sum + x, 0)
}

describe('eigenvalues of a symmetric matrix', () => {
  test('their powers add up to the traces of the powers of the matrix', () => {
    fc.assert(
      fc.property(symmetric, ({ n, matrix }) => {
        const values = symmetricEigenvalues(matrix, n)
        const scale = Math.max(1, ...matrix.map(Math.abs)) * n
        for (let power = 1; power <= n; power++) {
          const sum = values.reduce((total, value) => total + value ** power, 0)
          const error = Math.abs(sum - traceOfPower(matrix, n, power))
          expect(error / scale ** power).toBeLessThan(1e-12)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('those of the path graph are 2·cos(πk ÷ (n + 1))', () => {
    const n = 40
    const matrix = new Float64Array(n * n)
    for (let i = 0; i + 1 < n; i++) {
      matrix[i * n + i + 1] = 1
      matrix[(i + 1) * n + i] = 1
    }
    const expected = Array.from(
      { length: n },
      (_, k) => 2 * Math.cos((Math.PI * (n - k)) / (n + 1)),
    )
    const values = symmetricEigenvalues(matrix, n)
    expect(Math.max(...values.map((v, k) => Math.abs(v - (expected[k] ?? 9))))).toBeLessThan(1e-13)
  })

  test('entries that are not finite are refused instead of looping', () => {
    expect(() => symmetricEigenvalues([Number.NaN, 1, 1, 0], 2)).toThrow(/finite/)
  })
})

describe('effective rank', () => {
  const toFeatureRows = (rows: number[][]) => ({
    rows: rows.length,
    dim: rows[0]?.length ?? 0,
    values: Float64Array.from(rows.flat()),
  })

  test('is 2 for two equally strong directions, 1 for one, 0 for none', () => {
    const cross = [
      [1, 0, 0],
      [-1, 0, 0],
      [0, 1, 0],
      [0, -1, 0],
    ]
    const line = [
      [1, 2, 3],
      [2, 4, 6],
      [4, 8, 12],
    ]
    expect(effectiveRank(toFeatureRows(cross))).toBeCloseTo(2, 12)
    expect(effectiveRank(toFeatureRows(line))).toBeCloseTo(1, 12)
    expect(
      effectiveRank(
        toFeatureRows([
          [3, 1],
          [3, 1],
        ]),
      ),
    ).toBe(0)
  })

  test('does not change when the features are moved, scaled or turned', () => {
    const rows = Array.from({ length: 30 }, (_, i) => [Math.sin(i), Math.cos(2 * i), (i % 7) / 3])
    const turned = rows.map(([a = 0, b = 0, c = 0]) => [
      5 + 2 * (0.6 * a - 0.8 * b),
      2 * (0.8 * a + 0.6 * b) - 1,
      2 * c,
    ])
    expect(effectiveRank(toFeatureRows(turned))).toBeCloseTo(effectiveRank(toFeatureRows(rows)), 12)
  })

  test('the covariance is divided by the number of rows and symmetric', () => {
    const found = covariance(
      toFeatureRows([
        [1, 0],
        [3, 2],
      ]),
    )
    expect(Array.from(found)).toEqual([1, 1, 1, 1])
  })
})
