import type { SparseMatrix } from '../../vision/ops/sparse-matrix.ts'

/**
 * A 0/1 mask of the teacher's patches [2·B·P] on the aligned grid: 1 where every sample of a cell
 * lies on 1 (docs/method.md §1.6). → [pairs·B·cells]
 */
export function alignMask(mask: ArrayLike<number>, alignment: SparseMatrix): Uint8Array {
  const { rows, indptr, indices, values } = alignment
  const aligned = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const [begin = 0, end = 0] = [indptr[row], indptr[row + 1]]
    let covered = end > begin
    for (let entry = begin; entry < end && covered; entry++) {
      covered = mask[indices[entry] ?? 0] === 1 || values[entry] === 0
    }
    aligned[row] = covered && sumRowWeights(alignment, row) > FULL_WEIGHT ? 1 : 0
  }
  return aligned
}

/** Samples beyond the border have no weight, so that a cell there never reaches 1. */
const FULL_WEIGHT = 1 - 1e-9

function sumRowWeights({ indptr, values }: SparseMatrix, row: number): number {
  let sum = 0
  for (let entry = indptr[row] ?? 0; entry < (indptr[row + 1] ?? 0); entry++) {
    sum += values[entry] ?? 0
  }
  return sum
}
