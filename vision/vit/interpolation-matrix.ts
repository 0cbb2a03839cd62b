import type { SparseMatrix } from '../ops/sparse-matrix.ts'
import { type Filter, interpolationTaps, type Taps } from './interpolation-taps.ts'

export interface Interpolation {
  /** Rows and columns of the map that comes in. */
  readonly from: readonly [number, number]
  /** Rows and columns of the map that goes out. */
  readonly to: readonly [number, number]
  readonly filter: Filter
  /** As torch's scale_factor: rows and columns; it moves the sampling points, not the size. */
  readonly scaleFactor?: readonly [number, number]
}

/**
 * Interpolation of a row-major map as a constant matrix [to rows·columns, from rows·columns], in
 * float64. Equals torch.nn.functional.interpolate with align_corners off (golden interpolate.json).
 */
export function interpolationMatrix(interpolation: Interpolation): SparseMatrix {
  const [fromRows, fromColumns] = interpolation.from
  const rowTaps = computeAxisTaps(interpolation, 0)
  const columnTaps = computeAxisTaps(interpolation, 1)
  const entries = rowTaps.flatMap((row) =>
    columnTaps.map((column) => product(row, column, fromColumns)),
  )
  const indptr = new Int32Array(entries.length + 1)
  for (const [row, { length }] of entries.entries()) indptr[row + 1] = (indptr[row] ?? 0) + length
  const flat = entries.flat()
  return {
    rows: entries.length,
    cols: fromRows * fromColumns,
    indptr,
    indices: Int32Array.from(flat, ([index]) => index),
    values: Float64Array.from(flat, ([, weight]) => weight),
  }
}

function computeAxisTaps(interpolation: Interpolation, axis: 0 | 1): readonly Taps[] {
  const { from, to, filter, scaleFactor } = interpolation
  const size = { from: from[axis], to: to[axis] }
  const scale = scaleFactor === undefined ? {} : { scaleFactor: scaleFactor[axis] }
  return interpolationTaps({ ...size, ...scale }, filter)
}

function product(row: Taps, column: Taps, columns: number): readonly (readonly [number, number])[] {
  return [...row].flatMap(([y, yWeight]) =>
    [...column].map(([x, xWeight]) => [y * columns + x, yWeight * xWeight] as const),
  )
}
