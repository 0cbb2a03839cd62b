import type { Neighbors } from './nearest-neighbors.ts'

interface TransferOptions {
  readonly neighbors: Neighbors
  /** Soft labels of the memory [keys, classes]. */
  readonly labels: ArrayLike<number>
  readonly classes: number
  readonly temperature: number
}

/**
 * The label of each query: the mean of its neighbors' labels under softmax(similarity ÷
 * temperature) → [queries, classes]. Similarities are cosines. docs/method.md §4.2; golden
 * hummingbird.json (label_hat).
 */
export function transferLabels(options: TransferOptions): Float64Array {
  const { neighbors, labels, classes } = options
  const transferred = new Float64Array(neighbors.queries * classes)
  for (let query = 0; query < neighbors.queries; query++) {
    const attention = computeLabelAttention(options, query)
    attention.forEach((weight, place) => {
      const key = neighbors.indices[query * neighbors.count + place] as number
      for (let index = 0; index < classes; index++) {
        const target = query * classes + index
        transferred[target] =
          (transferred[target] as number) + weight * (labels[key * classes + index] as number)
      }
    })
  }
  return transferred
}

function computeLabelAttention(
  { neighbors, temperature }: TransferOptions,
  query: number,
): Float64Array {
  const { count, similarities } = neighbors
  const querySimilarities = similarities.subarray(query * count, (query + 1) * count)
  const greatest = querySimilarities[0] as number
  const weights = querySimilarities.map((similarity) =>
    Math.exp((similarity - greatest) / temperature),
  )
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
