/** A measure over the replicates of a point. */
export interface Summary {
  readonly mean: number
  /** The sample standard deviation; absent for one value. */
  readonly deviation?: number
  readonly n: number
}

/** Mean, sample standard deviation and n; nothing for no values. */
export function summarise(values: readonly number[]): Summary | undefined {
  const n = values.length
  if (n === 0) return undefined
  const [first = 0] = values
  if (n === 1) return { mean: first, n }
  if (values.every((value) => value === first)) return { mean: first, deviation: 0, n }
  const mean = values.reduce((sum, value) => sum + value, 0) / n
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, deviation: Math.sqrt(squares / (n - 1)), n }
}
