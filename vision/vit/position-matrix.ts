import type { SparseMatrix } from '../ops/sparse-matrix.ts'
import type { BackboneSettings } from './backbone-settings.ts'
import { interpolationMatrix } from './interpolation-matrix.ts'

type PositionSettings = Pick<BackboneSettings, 'positionGrid' | 'positionMode'>

const cache = new Map<string, SparseMatrix>()

/**
 * The matrix [1 + rows·columns, 1 + positionGrid²] that takes the trained position embedding, class
 * row first, to another grid; undefined when the grid is the trained one. Plain: bicubic a = −0.75
 * at scale (size + 0.1) ÷ trained, as NeCo's and the hub's register-free models do; Antialiased:
 * bicubic a = −0.5 at the exact size, as the hub's models with registers do (docs/method.md §3.1).
 */
export function positionMatrix(
  settings: PositionSettings,
  grid: readonly [rows: number, columns: number],
): SparseMatrix | undefined {
  const { positionGrid: trained, positionMode } = settings
  if (grid[0] === trained && grid[1] === trained) return undefined
  const key = `${positionMode} ${trained} ${grid}`
  const known = cache.get(key)
  if (known !== undefined) return known
  const size = { from: [trained, trained], to: grid } as const
  const [rows, columns] = grid
  const matrix = withClassRow(
    positionMode === 'Antialiased'
      ? interpolationMatrix({ ...size, filter: 'BicubicAntialias' })
      : interpolationMatrix({
          ...size,
          filter: 'Bicubic',
          scaleFactor: [(rows + 0.1) / trained, (columns + 0.1) / trained],
        }),
  )
  cache.set(key, matrix)
  return matrix
}

/**
 * The matrix that takes the rows of a window of the trained grid, class row first: position
 * (row, column) of the window is (top + row, left + column) of the grid.
 */
export function positionWindow(
  positionGrid: number,
  window: { top: number; left: number; rows: number; columns: number },
): SparseMatrix {
  const patches = Int32Array.from({ length: window.rows * window.columns }, (_, patch) => {
    const row = window.top + Math.floor(patch / window.columns)
    return row * positionGrid + window.left + (patch % window.columns)
  })
  return withClassRow({
    rows: patches.length,
    cols: positionGrid ** 2,
    indptr: Int32Array.from({ length: patches.length + 1 }, (_, row) => row),
    indices: patches,
    values: new Float64Array(patches.length).fill(1),
  })
}

/** The class token keeps its own position: a 1 before everything else. */
function withClassRow(matrix: SparseMatrix): SparseMatrix {
  return {
    rows: matrix.rows + 1,
    cols: matrix.cols + 1,
    indptr: Int32Array.of(0, ...matrix.indptr.map((begin) => begin + 1)),
    indices: Int32Array.of(0, ...matrix.indices.map((column) => column + 1)),
    values: Float64Array.of(1, ...matrix.values),
  }
}
