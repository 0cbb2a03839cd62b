import { mean, sampleStandardDeviation } from '../../operator/core/results/sample-statistics.ts'

/** A measure over the replicates of a point. */
export interface Summary {
  readonly mean: number
  /** The sample standard deviation; absent for one value. */
  readonly deviation?: number
  readonly n: number
}

/**
 * Mean, sample standard deviation and n; nothing for no values. Equal values have exactly their own
 * mean and no deviation.
 */
export function summarize(values: readonly number[]): Summary | undefined {
  const n = values.length
  const [first] = values
  if (first === undefined) return undefined
  if (n === 1) return { mean: first, n }
  if (values.every((value) => value === first)) return { mean: first, deviation: 0, n }
  return { mean: mean(values), deviation: sampleStandardDeviation(values) ?? 0, n }
}
