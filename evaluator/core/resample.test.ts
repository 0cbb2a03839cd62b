import { expect, test } from 'vitest'
import { goldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { enlargedArgmax, resizeBilinear, resizeNearest } from './resample.ts'

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
const ours = cases.filter(({ args }) => args.mode === 'bilinear' || args.mode === 'nearest')

/** Planes [1, C, H, W] one by one, since our arrays keep channels last. */
function resizePlanes({ args, input, output }: GoldenCase): Float64Array {
  const { shape, data } = goldenTensor(input)
  const [, planes = 0, rows = 0, columns = 0] = shape
  const from = { rows, columns }
  const [, , toRows = 0, toColumns = 0] = goldenTensor(output).shape
  const to = { rows: toRows, columns: toColumns }
  const resized = Array.from({ length: planes }, (_, plane) => {
    const values = data.subarray(plane * rows * columns, (plane + 1) * rows * columns)
    if (args.mode === 'bilinear') {
      return resizeBilinear(values, { from, to, channels: 1, antialias: args.antialias ?? false })
    }
    // Masks hold small whole numbers and golden planes do not: resize the places instead.
    const places = resizeNearest(
      values.map((_, place) => place % 256),
      { from, to },
    )
    const high = resizeNearest(
      values.map((_, place) => Math.floor(place / 256)),
      { from, to },
    )
    return Float64Array.from(
      places,
      (place, index) => values[place + 256 * (high[index] ?? 0)] ?? 0,
    )
  })
  return Float64Array.from(resized.flatMap((plane) => Array.from(plane)))
}

test.each(ours.map((golden) => [golden.name, golden] as const))(
  'resizes as torch does: %s',
  (_, golden) => {
    const expected = goldenTensor(golden.output).data
    const resized = resizePlanes(golden)
    expect(resized.length).toBe(expected.length)
    const worst = Math.max(...resized.map((value, i) => Math.abs(value - (expected[i] ?? 9))))
    expect(worst).toBeLessThan(1e-12)
  },
)

test('the argmax of enlarged scores lies between the patches it was made from', () => {
  const scores = [1, 0, 0, 1] // [1, 2, 2 classes]
  const size = { from: { rows: 1, columns: 2 }, to: { rows: 1, columns: 8 }, channels: 2 }
  expect(Array.from(enlargedArgmax(scores, size))).toEqual([0, 0, 0, 0, 1, 1, 1, 1])
})
