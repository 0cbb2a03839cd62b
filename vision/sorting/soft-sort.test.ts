import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Relaxation, SortingNetwork } from '../../method/settings/loss.ts'
import { softSort } from './soft-sort.ts'
import { sortingNetwork } from './sorting-network.ts'

const row = (most: number) =>
  fc.array(
    fc.integer({ min: -1000, max: 1000 }).map((i) => i / 1000),
    {
      minLength: 2,
      maxLength: most,
    },
  )
const settings = fc.record({
  network: fc.constantFrom(...SortingNetwork.options),
  relaxation: fc.constantFrom(...Relaxation.options),
  steepness: fc.constantFrom(0.5, 10, 100, 1000),
  lambda: fc.constantFrom(0, 0.25, 0.5, 0.9),
})

test('every rank and every input has weights that sum to 1 and are not negative', () => {
  fc.assert(
    fc.property(row(20), settings, (x, of) => {
      const { permutation } = softSort(x, of)
      const size = x.length
      const sums = Array.from({ length: 2 * size }, (_, i) =>
        permutation.reduce((sum, weight, at) => {
          const counts = i < size ? Math.floor(at / size) === i : at % size === i - size
          return counts ? sum + weight : sum
        }, 0),
      )
      expect(Math.min(...permutation)).toBeGreaterThanOrEqual(0)
      for (const sum of sums) expect(sum).toBeCloseTo(1, 12)
    }),
    { numRuns: 60 },
  )
})

test('the sorted values are the weighted inputs, and keep their sum', () => {
  fc.assert(
    fc.property(row(20), settings, (x, of) => {
      const { permutation, sorted } = softSort(x, of)
      sorted.forEach((value, rank) => {
        const mixed = x.reduce(
          (sum, input, i) => sum + input * (permutation[rank * x.length + i] as number),
          0,
        )
        expect(mixed).toBeCloseTo(value, 11)
      })
      const total = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0)
      expect(total(sorted)).toBeCloseTo(total(x), 11)
    }),
    { numRuns: 60 },
  )
})

test('the adjoint of values and weights agrees with finite differences', () => {
  fc.assert(
    fc.property(row(9), settings, fc.integer({ min: 0, max: 1 << 20 }), (x, of, seed) => {
      const smooth = {
        ...of,
        steepness: Math.min(of.steepness, 10),
        relaxation: chooseSmoothRelaxation(of),
      }
      const weights = x.flatMap((_, i) => x.map((__, k) => Math.sin(seed + 7 * i + 13 * k)))
      const loss = (at: readonly number[]) => {
        const { sorted, permutation } = softSort(at, smooth)
        const weightSum = permutation.reduce((sum, p, i) => sum + p * (weights[i] as number), 0)
        return weightSum + sorted.reduce((sum, s, k) => sum + s * Math.cos(seed + k), 0)
      }
      const gradient = softSort(x, smooth).backward({
        permutation: Float64Array.from(weights),
        sorted: Float64Array.from(x, (_, k) => Math.cos(seed + k)),
      })
      const step = 1e-6
      x.forEach((_, i) => {
        const moved = (by: number) => loss(x.map((value, at) => (at === i ? value + by : value)))
        const slope = (moved(step) - moved(-step)) / (2 * step)
        expect(Math.abs((gradient[i] as number) - slope)).toBeLessThan(1e-5 * (1 + Math.abs(slope)))
      })
    }),
    { numRuns: 60 },
  )
})

/** LogisticPhi has a kink of height 1/ε^λ at ties, Optimal one at its corners. */
function chooseSmoothRelaxation({ relaxation }: { relaxation: Relaxation }): Relaxation {
  return relaxation === 'LogisticPhi' || relaxation === 'Optimal' ? 'Logistic' : relaxation
}

describe.each(SortingNetwork.options)('the %s network', (network) => {
  test.each([2, 3, 5, 6, 31, 49, 64, 100, 129, 257, 511, 512])(
    'sorts %i values at high steepness',
    (size) => {
      const x = Array.from({ length: size }, (_, i) => (i * 389 + 7) % 521)
      const { values } = hardSort(x, network)
      expect(values).toEqual(x.toSorted((a, b) => a - b))
      if (size > 64) return
      const { sorted } = softSort(x, {
        network,
        relaxation: 'Logistic',
        steepness: 1e4,
        lambda: 0.25,
      })
      expect([...sorted]).toEqual(x.toSorted((a, b) => a - b))
    },
  )

  test.each([0, 1, 2.5, 513])('refuses %d references', (size) => {
    expect(() => sortingNetwork(network, size)).toThrow(
      expect.objectContaining({ code: 'SortSizeInvalid' }),
    )
  })
})

/** The wires of the network with hard comparators. */
function hardSort(x: readonly number[], network: SortingNetwork) {
  const values = [...x]
  for (const { a, b, minimum, maximum } of sortingNetwork(network, x.length).flat()) {
    const pair = [values[a] as number, values[b] as number] as const
    values[minimum] = Math.min(...pair)
    values[maximum] = Math.max(...pair)
  }
  return { values }
}
