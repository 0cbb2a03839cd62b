import { expect, test } from 'vitest'
import { sparseProduct } from '../../test/fixtures/sparse-product.ts'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import type { SparseMatrix } from '../ops/sparse-matrix.ts'
import { interpolationMatrix } from './interpolation-matrix.ts'
import type { Filter } from './interpolation-taps.ts'

interface InterpolateFile {
  readonly cases: readonly {
    readonly name: string
    readonly args: {
      readonly size?: [number, number]
      readonly scale_factor?: [number, number]
      readonly mode: 'bilinear' | 'nearest' | 'bicubic'
      readonly antialias?: boolean
    }
    readonly input: unknown
    readonly output: unknown
  }[]
}

const FILTERS: Readonly<Record<string, Filter>> = {
  nearest: 'Nearest',
  bilinear: 'Bilinear',
  bicubic: 'Bicubic',
  'bilinear antialias': 'BilinearAntialias',
  'bicubic antialias': 'BicubicAntialias',
}

/** The matrix applied to each of the maps [maps, cols] → [maps, rows]. */
function applied(matrix: SparseMatrix, values: Float64Array): Float64Array {
  const maps = Array.from({ length: values.length / matrix.cols }, (_, map) =>
    sparseProduct(matrix, values.subarray(map * matrix.cols, (map + 1) * matrix.cols), 1),
  )
  return Float64Array.from(maps.flatMap((map) => [...map]))
}

const { cases } = readGolden('interpolate') as InterpolateFile

test.each(cases)('$name equals torch to 1e-12', ({ args, input, output }) => {
  const source = parseGoldenTensor(input)
  const wanted = parseGoldenTensor(output)
  const filter =
    FILTERS[args.antialias === true ? `${args.mode} antialias` : args.mode] ?? 'Nearest'
  const matrix = interpolationMatrix({
    from: [source.shape[2] ?? 0, source.shape[3] ?? 0],
    to: [wanted.shape[2] ?? 0, wanted.shape[3] ?? 0],
    filter,
    ...(args.scale_factor && { scaleFactor: args.scale_factor }),
  })
  const difference = applied(matrix, source.data).map((value, index) =>
    Math.abs(value - (wanted.data[index] ?? Number.NaN)),
  )
  expect(difference.length).toBe(wanted.data.length)
  expect(Math.max(...difference)).toBeLessThanOrEqual(1e-12)
})

test('every output of every filter has weights that add to one', () => {
  for (const filter of Object.values(FILTERS)) {
    const matrix = interpolationMatrix({ from: [7, 5], to: [3, 11], filter })
    const sums = applied(matrix, new Float64Array(35).fill(1))
    expect(Math.max(...sums.map((sum) => Math.abs(sum - 1)))).toBeLessThan(1e-14)
  }
})
