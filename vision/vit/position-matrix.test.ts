import { describe, expect, test } from 'vitest'
import { sparseProduct } from '../../test/fixtures/sparse-product.ts'
import { parseGoldenTensor, readGolden } from '../../test/golden/read-golden.ts'
import { positionMatrix, positionWindow } from './position-matrix.ts'

interface PositionFile {
  readonly pos_embed: unknown
  readonly cases: readonly {
    readonly name: string
    readonly antialias: boolean
    readonly grid: [number, number]
    readonly output_float32_from_model: unknown
    readonly patch_part_float64: unknown
  }[]
}

const golden = readGolden('dinov2_pos_embed') as PositionFile
const embedding = parseGoldenTensor(golden.pos_embed).data
const WIDTH = 4

function worst(ours: Float64Array, theirs: Float64Array): number {
  expect(ours.length).toBe(theirs.length)
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? NaN))), 0)
}

describe.each(golden.cases)('$name, grid $grid', (file) => {
  const matrix = positionMatrix(
    { positionGrid: 37, positionMode: file.antialias ? 'Antialiased' : 'Plain' },
    file.grid,
  )
  if (matrix === undefined) throw new Error('every case has another grid than the trained one')
  const ours = sparseProduct(matrix, embedding, WIDTH)

  test('the patch rows equal torch in float64 to 1e-12', () => {
    const theirs = parseGoldenTensor(file.patch_part_float64).data
    expect(worst(ours.subarray(WIDTH), theirs)).toBeLessThanOrEqual(1e-12)
  })

  test('all rows equal the float32 model to 1e-6', () => {
    const theirs = parseGoldenTensor(file.output_float32_from_model).data
    expect(worst(ours, theirs)).toBeLessThanOrEqual(1e-6)
  })
})

test('the trained grid needs no matrix', () => {
  expect(positionMatrix({ positionGrid: 37, positionMode: 'Plain' }, [37, 37])).toBeUndefined()
})

test('a window takes the rows under it, class row first', () => {
  const window = positionWindow(5, { top: 1, left: 2, rows: 2, columns: 3 })
  expect([...window.indices]).toEqual([0, 8, 9, 10, 13, 14, 15])
  expect([...window.values]).toEqual([1, 1, 1, 1, 1, 1, 1])
  expect({ rows: window.rows, cols: window.cols }).toEqual({ rows: 7, cols: 26 })
})
