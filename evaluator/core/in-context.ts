import type { Neighbours } from './nearest-neighbours.ts'

interface TransferOptions {
  readonly neighbours: Neighbours
  /** Soft labels of the memory [keys, classes]. */
  readonly labels: ArrayLike<number>
  readonly classes: number
  readonly temperature: number
}

/**
 * The label of each query: the mean of its neighbours' labels under softmax(similarity ÷
 * temperature) → [queries, classes]. Similarities are cosines. neco-method §4.2; golden
 * hummingbird.json (label_hat).
 */
export function transferLabels(options: TransferOptions): Float64Array {
  const { neighbours, labels, classes } = options
  const transferred = new Float64Array(neighbours.queries * classes)
  for (let query = 0; query < neighbours.queries; query++) {
    const attention = attentionOf(options, query)
    attention.forEach((weight, place) => {
      const key = neighbours.indices[query * neighbours.count + place] as number
      for (let index = 0; index < classes; index++) {
        const target = query * classes + index
        transferred[target] =
          (transferred[target] as number) + weight * (labels[key * classes + index] as number)
      }
    })
  }
  return transferred
}

function attentionOf({ neighbours, temperature }: TransferOptions, query: number): Float64Array {
  const { count, similarities } = neighbours
  const own = similarities.subarray(query * count, (query + 1) * count)
  const greatest = own[0] as number
  const weights = own.map((similarity) => Math.exp((similarity - greatest) / temperature))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return weights.map((weight) => weight / total)
}
