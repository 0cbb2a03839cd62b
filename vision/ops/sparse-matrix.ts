/**
 * A constant sparse matrix by compressed rows: row r holds the entries
 * indptr[r] … indptr[r + 1] of indices (columns) and values.
 */
export interface SparseMatrix {
  readonly rows: number
  readonly cols: number
  readonly indptr: Int32Array
  readonly indices: Int32Array
  readonly values: Float64Array
}

/** The transposed matrix; entries of a row keep the order of the rows they came from. */
export function transposeSparse(matrix: SparseMatrix): SparseMatrix {
  const { rows, cols, indices, values } = matrix
  const indptr = rowStarts(indices, cols)
  const next = indptr.slice()
  const transposed = {
    indices: new Int32Array(indices.length),
    values: new Float64Array(indices.length),
  }
  for (let row = 0; row < rows; row++) {
    const end = matrix.indptr[row + 1] as number
    for (let entry = matrix.indptr[row] as number; entry < end; entry++) {
      const column = indices[entry] as number
      const place = next[column] as number
      next[column] = place + 1
      transposed.indices[place] = row
      transposed.values[place] = values[entry] as number
    }
  }
  return { rows: cols, cols: rows, indptr, ...transposed }
}

function rowStarts(columns: Int32Array, count: number): Int32Array {
  const starts = new Int32Array(count + 1)
  for (const column of columns) starts[column + 1] = (starts[column + 1] as number) + 1
  for (let c = 0; c < count; c++) {
    starts[c + 1] = (starts[c + 1] as number) + (starts[c] as number)
  }
  return starts
}

/** Row r of the product is row indices[r] of the operand. */
export function selectionMatrix(indices: Int32Array, cols: number): SparseMatrix {
  const rows = indices.length
  return {
    rows,
    cols,
    indptr: Int32Array.from({ length: rows + 1 }, (_, row) => row),
    indices,
    values: new Float64Array(rows).fill(1),
  }
}
