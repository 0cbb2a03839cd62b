/**
 * The assignment of rows to columns of least total cost, by shortest augmenting paths
 * (Crouse 2016; the order in which ties are broken is that of scipy's linear_sum_assignment).
 * O(n³). Costs are row-major [rows · columns]; each row of the shorter side gets one partner.
 */
export function linearSumAssignment(costs: CostMatrix): Assignment {
  if (costs.columns < costs.rows) {
    const { rows, columns } = linearSumAssignment(transposeCosts(costs))
    const pairs = columns.map((row, index) => ({ row, column: rows[index] as number }))
    pairs.sort((a, b) => a.row - b.row)
    return { rows: pairs.map(({ row }) => row), columns: pairs.map(({ column }) => column) }
  }
  const duals = emptyDuals(costs)
  for (let row = 0; row < costs.rows; row++) augment(costs, duals, row)
  return {
    rows: Array.from(duals.columnByRow, (_, row) => row),
    columns: Array.from(duals.columnByRow),
  }
}

export interface CostMatrix {
  readonly rows: number
  readonly columns: number
  readonly values: Float64Array
}

/** Row `rows[i]` is paired with column `columns[i]`; rows ascend. */
export interface Assignment {
  readonly rows: readonly number[]
  readonly columns: readonly number[]
}

interface Duals {
  readonly rowPotential: Float64Array
  readonly columnPotential: Float64Array
  readonly columnByRow: Int32Array
  readonly rowByColumn: Int32Array
}

const NONE = -1

const emptyDuals = ({ rows, columns }: CostMatrix): Duals => ({
  rowPotential: new Float64Array(rows),
  columnPotential: new Float64Array(columns),
  columnByRow: new Int32Array(rows).fill(NONE),
  rowByColumn: new Int32Array(columns).fill(NONE),
})

function transposeCosts({ rows, columns, values }: CostMatrix): CostMatrix {
  const turned = new Float64Array(values.length)
  values.forEach((cost, place) => {
    turned[(place % columns) * rows + Math.floor(place / columns)] = cost
  })
  return { rows: columns, columns: rows, values: turned }
}

interface PathSearch {
  /** Columns not reached yet, in the order in which they are looked at. */
  readonly remaining: number[]
  readonly pathCost: Float64Array
  readonly cameFrom: Int32Array
  readonly seenRow: Uint8Array
  readonly seenColumn: Uint8Array
}

/** Adds one row to the matching along the cheapest alternating path. */
function augment(costs: CostMatrix, duals: Duals, start: number): void {
  const search: PathSearch = {
    remaining: Array.from({ length: costs.columns }, (_, index) => costs.columns - 1 - index),
    pathCost: new Float64Array(costs.columns).fill(Number.POSITIVE_INFINITY),
    cameFrom: new Int32Array(costs.columns).fill(NONE),
    seenRow: new Uint8Array(costs.rows),
    seenColumn: new Uint8Array(costs.columns),
  }
  const { sink, total } = findSink(costs, duals, { search, start })
  shiftDuals(duals, search, { start, total })
  let column = sink
  for (;;) {
    const row = search.cameFrom[column] as number
    duals.rowByColumn[column] = row
    const before = duals.columnByRow[row] as number
    duals.columnByRow[row] = column
    if (row === start) return
    column = before
  }
}

function findSink(
  costs: CostMatrix,
  duals: Duals,
  { search, start }: { search: PathSearch; start: number },
): { sink: number; total: number } {
  let row = start
  let total = 0
  for (;;) {
    search.seenRow[row] = 1
    relaxColumns(costs, duals, { search, row, total })
    const place = findNearestColumn(search, duals)
    const column = search.remaining[place] as number
    total = search.pathCost[column] as number
    search.seenColumn[column] = 1
    search.remaining[place] = search.remaining.at(-1) as number
    search.remaining.pop()
    const owner = duals.rowByColumn[column] as number
    if (owner === NONE) return { sink: column, total }
    row = owner
  }
}

function relaxColumns(
  { columns, values }: CostMatrix,
  duals: Duals,
  { search, row, total }: { search: PathSearch; row: number; total: number },
): void {
  const base = total - (duals.rowPotential[row] as number)
  for (const column of search.remaining) {
    const cost =
      base + (values[row * columns + column] as number) - (duals.columnPotential[column] as number)
    if (cost >= (search.pathCost[column] as number)) continue
    search.pathCost[column] = cost
    search.cameFrom[column] = row
  }
}

/** The place in `remaining` of the cheapest column; among equals a free column wins. */
function findNearestColumn({ remaining, pathCost }: PathSearch, { rowByColumn }: Duals): number {
  let best = 0
  let least = Number.POSITIVE_INFINITY
  remaining.forEach((column, place) => {
    const cost = pathCost[column] as number
    if (cost > least || (cost === least && rowByColumn[column] !== NONE)) return
    least = cost
    best = place
  })
  return best
}

function shiftDuals(
  duals: Duals,
  search: PathSearch,
  { start, total }: { start: number; total: number },
): void {
  duals.rowPotential[start] = (duals.rowPotential[start] as number) + total
  search.seenRow.forEach((seen, row) => {
    if (seen === 0 || row === start) return
    const cost = search.pathCost[duals.columnByRow[row] as number] as number
    duals.rowPotential[row] = (duals.rowPotential[row] as number) + total - cost
  })
  search.seenColumn.forEach((seen, column) => {
    if (seen === 0) return
    const cost = search.pathCost[column] as number
    duals.columnPotential[column] = (duals.columnPotential[column] as number) - (total - cost)
  })
}
