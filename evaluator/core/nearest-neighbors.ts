/**
 * The best `count` candidates of each query so far: descending similarity, the earlier index first
 * among equals.
 */
export interface Neighbors {
  readonly queries: number
  readonly count: number
  /** [queries · count]; −1 until filled. */
  readonly indices: Int32Array
  readonly similarities: Float64Array
}

export const emptyNeighbors = (queries: number, count: number): Neighbors => ({
  queries,
  count,
  indices: new Int32Array(queries * count).fill(-1),
  similarities: new Float64Array(queries * count).fill(Number.NEGATIVE_INFINITY),
})

interface Candidates {
  /** Similarities [queries, candidates]. */
  readonly similarities: ArrayLike<number>
  readonly candidates: number
  /** Index of the first candidate; blocks are given in ascending order. */
  readonly firstIndex: number
}

/** Looks at a block of candidates for every query, in place. Exact: every candidate is compared. */
export function addCandidates(neighbors: Neighbors, block: Candidates): void {
  const { similarities, candidates } = block
  for (let query = 0; query < neighbors.queries; query++) {
    const last = (query + 1) * neighbors.count - 1
    const begin = query * candidates
    let least = neighbors.similarities[last] as number
    for (let candidate = 0; candidate < candidates; candidate++) {
      const similarity = similarities[begin + candidate] as number
      if (similarity <= least) continue
      insert(neighbors, { query, similarity, index: block.firstIndex + candidate })
      least = neighbors.similarities[last] as number
    }
  }
}

function insert(
  { count, indices, similarities }: Neighbors,
  found: { query: number; similarity: number; index: number },
): void {
  const first = found.query * count
  let place = first + count - 1
  while (place > first && (similarities[place - 1] as number) < found.similarity) {
    similarities[place] = similarities[place - 1] as number
    indices[place] = indices[place - 1] as number
    place--
  }
  similarities[place] = found.similarity
  indices[place] = found.index
}

/** Rows [rows · dim], row-major. */
export interface FeatureRows {
  readonly rows: number
  readonly dim: number
  readonly values: Float32Array | Float64Array
}

/** All dot products of two sets of rows: [queries.rows · keys.rows]. */
export type DotProducts = (queries: FeatureRows, keys: FeatureRows) => ArrayLike<number>

/** Two MiB of float32, so that a block is still in cache when it is searched. */
const MAX_PRODUCTS = 524_288
const MAX_KEYS = 16_384

/**
 * The `count` keys with the greatest dot product for each query (docs/method.md §4.2, exact where
 * the reference implementation approximates; golden hummingbird.json). Works through blocks of
 * products.
 */
export function findNearestKeys(options: {
  readonly queries: FeatureRows
  readonly keys: FeatureRows
  readonly count: number
  readonly dotProducts: DotProducts
}): Neighbors {
  const { queries, keys, dotProducts } = options
  const neighbors = emptyNeighbors(queries.rows, Math.min(options.count, keys.rows))
  const keyBlock = Math.min(keys.rows, MAX_KEYS)
  const queryBlock = Math.max(Math.floor(MAX_PRODUCTS / keyBlock), 1)
  for (let firstQuery = 0; firstQuery < queries.rows; firstQuery += queryBlock) {
    const some = sliceFeatureRows(queries, firstQuery, firstQuery + queryBlock)
    const part = sliceNeighbors(neighbors, firstQuery, some.rows)
    for (let firstIndex = 0; firstIndex < keys.rows; firstIndex += keyBlock) {
      const block = sliceFeatureRows(keys, firstIndex, firstIndex + keyBlock)
      const similarities = dotProducts(some, block)
      addCandidates(part, { similarities, candidates: block.rows, firstIndex })
    }
  }
  return neighbors
}

/** Rows `begin`…`end` of the same values, not copied. */
export function sliceFeatureRows(
  { rows, dim, values }: FeatureRows,
  begin: number,
  end: number,
): FeatureRows {
  const last = Math.min(end, rows)
  return { rows: last - begin, dim, values: values.subarray(begin * dim, last * dim) }
}

function sliceNeighbors(all: Neighbors, begin: number, queries: number): Neighbors {
  const { count } = all
  const [from, to] = [begin * count, (begin + queries) * count]
  return {
    queries,
    count,
    indices: all.indices.subarray(from, to),
    similarities: all.similarities.subarray(from, to),
  }
}
