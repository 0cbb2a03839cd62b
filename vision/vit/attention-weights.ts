/** q, k and v of one block as values, [batch, tokens, 3·width] row-major. */
export interface QkvValues {
  readonly values: Float32Array | Float64Array
  readonly batch: number
  readonly tokens: number
  readonly width: number
  readonly heads: number
}

/**
 * softmax(q·kᵀ ÷ √(D ÷ heads)) written out for the first `queries` tokens, [batch, heads, queries,
 * tokens]; row 0 is the class token, whose attention makes the foreground mask (docs/method.md
 * §1.6). For forms without rotation.
 */
export function attentionWeights(qkv: QkvValues, queries: number): Float64Array {
  const { batch, tokens, heads } = qkv
  const weights = new Float64Array(batch * heads * queries * tokens)
  for (let index = 0; index < batch * heads * queries; index++) {
    const row = weights.subarray(index * tokens, (index + 1) * tokens)
    const head = Math.floor(index / queries) % heads
    const image = Math.floor(index / (queries * heads))
    for (let key = 0; key < tokens; key++) {
      row[key] = score(qkv, { image, head, query: index % queries, key })
    }
    softmax(row)
  }
  return weights
}

function score(
  { values, tokens, width, heads }: QkvValues,
  at: { image: number; head: number; query: number; key: number },
): number {
  const headWidth = width / heads
  const queryAt = (at.image * tokens + at.query) * 3 * width + at.head * headWidth
  const keyAt = (at.image * tokens + at.key) * 3 * width + width + at.head * headWidth
  let sum = 0
  for (let d = 0; d < headWidth; d++) {
    sum += (values[queryAt + d] ?? 0) * (values[keyAt + d] ?? 0)
  }
  return sum / Math.sqrt(headWidth)
}

function softmax(row: Float64Array): void {
  const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY)
  const powers = row.map((value) => Math.exp(value - largest))
  const total = powers.reduce((sum, value) => sum + value, 0)
  row.set(powers.map((value) => value / total))
}
