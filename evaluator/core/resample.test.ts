import { expect, test } from 'vitest'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import type { Filter } from '../../vision/vit/interpolation-taps.ts'
import { resize, upsampleArgmax } from './resample.ts'

interface GoldenCase {
  readonly name: string
  readonly args: {
    readonly size?: [number, number]
    readonly mode: string
    readonly antialias?: boolean
  }
  readonly input: unknown
  readonly output: unknown
}
const { cases } = readGolden('interpolate') as { cases: GoldenCase[] }
const bySize = cases.filter(({ args }) => args.size !== undefined)

function chooseFilter({ mode, antialias = false }: GoldenCase['args']): Filter {
  if (mode === 'nearest') return 'Nearest'
  if (mode === 'bilinear') return antialias ? 'BilinearAntialias' : 'Bilinear'
  return antialias ? 'BicubicAntialias' : 'Bicubic'
}

test.each(bySize.map((golden) => [golden.name, golden] as const))(
  'resizes channels-last maps as torch does: %s',
  (_, { args, input, output }) => {
    const { shape, data } = parseGoldenTensor(input)
    const expected = parseGoldenTensor(output)
    const [, planes = 0, rows = 0, columns = 0] = shape
    const [, , toRows = 0, toColumns = 0] = expected.shape
    const last = data.map(
      (_value, place) => data[(place % planes) * rows * columns + Math.floor(place / planes)] ?? 0,
    )
    const resized = resize(last, {
      from: { rows, columns },
      to: { rows: toRows, columns: toColumns },
      channels: planes,
      filter: chooseFilter(args),
    })
    expect(resized.length).toBe(expected.data.length)
    const pixels = toRows * toColumns
    const worst = Math.max(
      ...expected.data.map((value, place) =>
        Math.abs(value - (resized[(place % pixels) * planes + Math.floor(place / pixels)] ?? 9)),
      ),
    )
    expect(worst).toBeLessThan(1e-12)
  },
)

test('the argmax of enlarged scores lies between the patches it was made from', () => {
  const scores = [1, 0, 0, 1] // [1, 2, 2 classes]
  const size = { from: { rows: 1, columns: 2 }, to: { rows: 1, columns: 8 }, channels: 2 }
  expect(Array.from(upsampleArgmax(scores, size))).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
})
